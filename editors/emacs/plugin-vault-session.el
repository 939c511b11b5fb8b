;;; plugin-vault-session.el --- The key, the calls and the watch of a vault  -*- lexical-binding: t; -*-

;; SPDX-License-Identifier: MIT

;;; Commentary:

;; Registers the key of a vault with the process, makes calls under it, also
;; when the process has ended or the key was replaced meanwhile, and passes
;; change notices on.  `plugin-vault.el' offers this to packages.

;;; Code:

(require 'plugin-vault-sidecar)
(require 'project)
(require 'url-util)

(defvar plugin-vault-workspace-function #'plugin-vault-project-folders
  "Function that returns the URIs of the open folders of the current buffer.
If it is exactly one, it is the folder of the context \"workspace\".")

(defvar plugin-vault-change-functions nil
  "Abnormal hook, run when another process has changed data that is watched.
Each function gets the vault and the change, a hash table with the
members of the notification `persistentData/didChange' without its
handle: `revision', and either `context', `workspaceFolder', `name' and
`deleted'; or `resync', which means to read everything again; or `ended',
which means that the key is no longer valid.  See `plugin-vault-watch'.")

(defconst plugin-vault--reads
  '("getPersistentData" "getPersistentRecord" "listPersistentData" "listAPIKeys"
    "watchPersistentData" "vault/status")
  "Methods that are repeated if the process ends before it answers.")

;;; The key

(defun plugin-vault--ready (vault callback)
  "Call CALLBACK with nil when VAULT has its handle, or with an error.
VAULT may be a sidecar, which needs none."
  (let ((sidecar (get vault 'sidecar)))
    (cond ((not sidecar) (plugin-vault--running vault callback))
          ((get vault 'closed) (funcall callback (plugin-vault--condition "closed" "The vault was closed")))
          ((and (get sidecar 'ready) (eq (get vault 'ready) (get sidecar 'ready))) (funcall callback nil))
          (t (plugin-vault--join vault callback #'plugin-vault--register)))))

(defun plugin-vault--register (vault)
  "Get the handle of VAULT from a running process, and continue its watch."
  (let ((sidecar (get vault 'sidecar)) process)
    (cl-labels
        ((settle (error)
           ;; These requests are our own, so they are repeated if the process ends.
           (if (and error (equal (plugin-vault-error-kind error) "outcomeUnknown"))
               (plugin-vault--register vault)
             (plugin-vault--settle vault error process)))
         (ask (method params then)
           (plugin-vault--request sidecar method (plugin-vault--json params)
                                  (lambda (error answer)
                                    (if error (settle error) (funcall then answer)))))
         (issue ()
           (ask "issueAPIKey" `((plugin . ,(get vault 'plugin)) (installation . ,(get vault 'installation)))
                (lambda (answer)
                  (put vault 'created (eq (gethash "created" answer) t))
                  (set-key (gethash "apiKey" answer) t))))
         (use-relay (handle)
           (ask "listAPIKeys" `((handle . ,handle))
                (lambda (keys)
                  (let ((error (plugin-vault--relay-error vault keys)))
                    (put vault 'created nil)
                    (put vault 'handle handle)
                    (if (and (not error) (get vault 'watch)) (watch) (settle error))))))
         (set-key (key must-exist)
           (ask "setAPIKey" `((apiKey . ,key) (mustExist . ,(if must-exist t :false)))
                (lambda (answer)
                  (put vault 'handle (gethash "handle" answer))
                  (if (get vault 'watch) (watch) (settle nil)))))
         (watch ()
           (let ((created (get vault 'created)))
             (ask "watchPersistentData"
                  `((handle . ,(get vault 'handle)) ,@(unless created `((since . ,(get vault 'watch)))))
                  (lambda (answer)
                    ;; The data of the old key is gone.
                    (when created
                      (plugin-vault--report vault (plugin-vault--table "revision" (gethash "revision" answer)
                                                                       "resync" t)))
                    (settle nil))))))
      (plugin-vault--running
       sidecar
       (lambda (error)
         (setq process (get sidecar 'process))
         (cond (error (settle error))
               ((get sidecar 'relay-handle) (use-relay (get sidecar 'relay-handle)))
               ((get vault 'key) (put vault 'created nil) (set-key (get vault 'key) (get vault 'must-exist)))
               (t (issue))))))))

(defun plugin-vault--relay-error (vault keys)
  "Return the error if a relay, which lists KEYS, is not for VAULT, or nil.
The key has to be the plugin's: otherwise the secrets of two plugins
would get into one place.  The installation does not count, since it is
that of the user's own machine."
  (let* ((current (seq-find (lambda (key) (eq (gethash "current" key) t)) keys))
         (theirs (and current (gethash "plugin" current)))
         (ours (get vault 'plugin)))
    (cond ((get vault 'key)
           (plugin-vault--condition "notPermitted"
                                    "A relay has a key of its own.  Open the vault without `:api-key'"))
          ((and theirs (not (equal theirs ours)))
           (plugin-vault--condition
            "notPermitted"
            (format "The relay gives the data of %s and not of %s.  Start a relay for %s" theirs ours ours))))))

(defun plugin-vault--table (&rest members)
  "Return a hash table with MEMBERS, names and values."
  (let ((table (make-hash-table :test #'equal)))
    (while members (puthash (pop members) (pop members) table))
    table))

;;; Calls

(defun plugin-vault--call (vault method params callback)
  "Call METHOD of VAULT with PARAMS, an alist, and CALLBACK with the outcome.
Return an object for `plugin-vault-cancel'.  VAULT may be a sidecar."
  (let ((call (make-symbol "plugin-vault-call")))
    (put call 'sidecar (or (get vault 'sidecar) vault))
    ;; Written now: changes that the caller makes to its objects later do not count.
    (plugin-vault--attempt vault method (plugin-vault--json params) callback call)
    call))

(defun plugin-vault--attempt (vault method json callback call &optional replaced)
  "Make CALL of METHOD of VAULT with JSON, and call CALLBACK with the outcome.
REPLACED says that the key was replaced during this call already."
  (plugin-vault--ready
   vault
   (lambda (error)
     (let ((handle (get vault 'handle)))
       (cond
        (error (funcall callback error nil))
        ((get call 'cancelled)
         (funcall callback (plugin-vault--condition "requestCancelled" "The call was cancelled and not carried out") nil))
        (t
         (put call 'id
              (plugin-vault--request
               (get call 'sidecar) method
               (if handle (concat "{\"handle\":\"" handle "\"" (if (equal json "{}") "" ",") (substring json 1)) json)
               (lambda (error result)
                 (pcase (and error (plugin-vault-error-kind error))
                   ((and "outcomeUnknown" (guard (member method plugin-vault--reads)))
                    (plugin-vault--attempt vault method json callback call replaced))
                   ((and "apiKeyRevoked" (guard (not (or replaced (get vault 'key)))))
                    (plugin-vault--key-replaced vault handle
                                                (lambda (failed)
                                                  ;; A key that was created has no data.  The caller has to know.
                                                  (if (or failed (get vault 'created))
                                                      (funcall callback error nil)
                                                    (plugin-vault--attempt vault method json callback call t)))))
                   (_ (funcall callback error result))))))))))))

(defun plugin-vault--key-replaced (vault handle callback)
  "Register VAULT again, whose HANDLE is of no use, and call CALLBACK."
  (when (equal handle (get vault 'handle)) (put vault 'ready nil))
  (plugin-vault--ready vault callback))

(defun plugin-vault-cancel (call)
  "Cancel CALL, which a function with -async returned.
Its callback still gets the true outcome."
  (put call 'cancelled t)
  (when-let ((inner (get call 'inner)))
    (plugin-vault-cancel inner))
  (when-let ((id (get call 'id)))
    (plugin-vault--notify (get call 'sidecar) "$/cancelRequest" (format "{\"id\":%d}" id))))

(defun plugin-vault--wait (vault start &optional more)
  "Call START with a callback, wait for the outcome, and return or signal it.
START makes a call of VAULT, or of a sidecar.  Wait at most for
`plugin-vault-timeout' seconds and MORE milliseconds."
  (let* (outcome
         (sidecar (or (get vault 'sidecar) vault))
         (done (lambda () outcome))
         (seconds (+ plugin-vault-timeout (/ (or more 0) 1000.0)))
         (call (funcall start (lambda (error result) (setq outcome (list error result)))))
         (cancel (lambda () (when (and call (not outcome)) (plugin-vault-cancel call))))
         late)
    (unwind-protect
        (unless (plugin-vault--wait-until sidecar done seconds)
          (setq late t)
          (funcall cancel)
          (plugin-vault--wait-until sidecar done plugin-vault--farewell))
      ;; The user has quit.
      (funcall cancel))
    (pcase-let ((`(,error ,result) outcome))
      (when (and late (or (not outcome) (equal (plugin-vault-error-kind error) "requestCancelled")))
        (setq error (plugin-vault--late seconds outcome)))
      (when error (signal (car error) (cdr error)))
      result)))

(defun plugin-vault--late (seconds cancelled)
  "Return the error of a call that took SECONDS.
CANCELLED says that it was cancelled in time."
  (plugin-vault--condition
   (if cancelled "requestCancelled" "outcomeUnknown")
   (format "plugin-vault did not answer within %s seconds.  %s" seconds
           (if cancelled
               "The call was cancelled and not carried out"
             "The call may have been carried out.  Read before you write again"))))

(defvar plugin-vault--later nil
  "Calls of functions of users, in their order.")

(defun plugin-vault--later (&rest call)
  "Make CALL, a function and its arguments, outside of the process filter."
  (unless plugin-vault--later (run-at-time 0 nil #'plugin-vault--run-later))
  (setq plugin-vault--later (append plugin-vault--later (list call))))

(defun plugin-vault--run-later ()
  "Make the first call that was put off."
  (let ((call (pop plugin-vault--later)))
    ;; Before this call, which may fail, or wait for the others.
    (when plugin-vault--later (run-at-time 0 nil #'plugin-vault--run-later))
    (apply #'funcall call)))

;;; Parameters

(defun plugin-vault--params (leading options)
  "Return the parameters of a call as an alist, from LEADING and from OPTIONS.
The option `:if-revision' is the parameter `ifRevision'."
  (let ((case-fold-search nil))
    (while options
      (let ((name (substring (symbol-name (pop options)) 1))
            (value (pop options)))
        (when value
          (push (cons (intern (replace-regexp-in-string
                               "-." (lambda (match) (upcase (substring match 1))) name t t))
                      value)
                leading)))))
  leading)

(defun plugin-vault--located (context options)
  "Return OPTIONS of a call in CONTEXT with the folder of the current buffer."
  (let ((folders (and (equal context "workspace")
                      (not (plist-get options :workspace-folder))
                      (funcall plugin-vault-workspace-function))))
    (if (= (length folders) 1) `(:workspace-folder ,(car folders) ,@options) options)))

(defun plugin-vault-project-folders ()
  "Return a list of the URI of the current project, or nil."
  (when-let ((project (project-current)))
    (let* ((root (expand-file-name (project-root project)))
           (remote (file-remote-p root))
           ;; These systems take several spellings of a path for one folder.  The store compares bytes, so it gets the file
           ;; system's own.
           (root (if (and (not remote) (memq system-type '(darwin windows-nt)))
                     (file-name-as-directory (file-truename root))
                   root))
           (path (url-hexify-string (or (file-remote-p root 'localname) root) url-path-allowed-chars)))
      (list (if remote
                (format "%s://%s%s" (file-remote-p root 'method) (file-remote-p root 'host) path)
              (concat "file://" (unless (string-prefix-p "/" path) "/") path))))))

(defun plugin-vault--asking (vault method leading options member)
  "Return a function of a callback for a call of METHOD of VAULT.
LEADING and OPTIONS are the parameters.  MEMBER is that of the answer."
  (let ((params (plugin-vault--params leading (plugin-vault--located (alist-get 'context leading) options))))
    (lambda (callback)
      (plugin-vault--call vault method params
                          (lambda (error result)
                            (funcall callback error (if (and member result) (gethash member result) result)))))))

(defun plugin-vault--outside (callback)
  "Return a function to call CALLBACK outside of the process filter."
  (lambda (error result) (plugin-vault--later callback error result)))

;;; Changes by other processes

(defun plugin-vault--notice (sidecar change)
  "Report CHANGE, a notice of SIDECAR, to the vaults that it concerns."
  (let ((handle (gethash "handle" change)))
    (remhash "handle" change)
    (dolist (vault (get sidecar 'vaults))
      (when (and (equal handle (get vault 'handle)) (get vault 'watch))
        (if (and (equal (gethash "ended" change) "apiKeyRevoked") (not (get vault 'key)))
            ;; The program has another key by now, or creates one when it is asked.
            (progn (put vault 'ready nil)
                   (plugin-vault--restart vault))
          (plugin-vault--report vault (copy-hash-table change)))))))

(defun plugin-vault--report (vault change)
  "Call the functions for CHANGE of VAULT, once for each revision."
  (plugin-vault--later
   (lambda ()
     (let ((revision (gethash "revision" change))
           (ended (gethash "ended" change)))
       (when (and (get vault 'watch) (or ended (> revision (get vault 'watch))))
         (put vault 'watch (unless ended revision))
         (run-hook-wrapped 'plugin-vault-change-functions
                           ;; A function that fails does not keep the change from the others.
                           (lambda (function) (plugin-vault--later function vault change) nil)))))))

(defun plugin-vault--restart (vault)
  "Continue the watch of VAULT with a new process or a new key."
  (when (and (get vault 'watch) (not (get vault 'closed)))
    (plugin-vault--ready
     vault
     (lambda (error)
       (pcase (and error (plugin-vault-error-kind error))
         ('nil)
         ((and (or "apiKeyRevoked" "apiKeyExpired") kind)
          (plugin-vault--report vault (plugin-vault--table "revision" (get vault 'watch) "ended" kind)))
         (_ (run-at-time 1 nil #'plugin-vault--restart vault)))))))

(defun plugin-vault--sidecar-ended (sidecar)
  "Continue the watches of the vaults of SIDECAR, whose process has ended."
  (unless (get sidecar 'closing)
    (mapc #'plugin-vault--restart (get sidecar 'vaults))))

(add-hook 'plugin-vault--notice-functions #'plugin-vault--notice)
(add-hook 'plugin-vault--end-functions #'plugin-vault--sidecar-ended)

(provide 'plugin-vault-session)
;;; plugin-vault-session.el ends here
