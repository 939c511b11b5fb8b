;;; plugin-vault.el --- Private storage for packages  -*- lexical-binding: t; -*-

;; Author: The plugin-vault authors
;; Version: 0.1.0
;; Package-Requires: ((emacs "28.1"))
;; Keywords: data, comm
;; URL: https://github.com/plugin-vault/plugin-vault
;; SPDX-License-Identifier: MIT

;;; Commentary:

;; A private store for packages: tokens, login state, licences, answers
;; for one project.  The data is encrypted, shared by all editors of a user,
;; and on the disk when a call has returned.  The package runs the program
;; plugin-vault beside Emacs, and needs no daemon and no network.
;;
;;     (defvar me-notes-vault (plugin-vault-open "me.notes"))
;;     (plugin-vault-set me-notes-vault "user" '((token . "abc")))
;;     (gethash "token" (plugin-vault-get me-notes-vault "user"))
;;
;; The context "user" holds data of the user, and "workspace" data of the
;; current project.  What is stored is a JSON object: any hash table, alist
;; or plist that `json-serialize' takes.  What comes back is a hash table,
;; or nil if there is nothing.  Inside, an array is a vector, `:null' is
;; null, `:false' is false, and an object is a hash table again.
;;
;; Each function waits for its answer, at most for `plugin-vault-timeout'.
;; Its form with -async calls CALLBACK with ERROR and RESULT instead, and
;; returns an object for `plugin-vault-cancel'.  ERROR is nil or an error as
;; `condition-case' binds it.  All errors are `plugin-vault-error's; the
;; kind `revisionConflict' is `plugin-vault-revision-conflict', and so on.

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

(defvar plugin-vault--sidecar (plugin-vault--new-sidecar)
  "The sidecar of all vaults of this Emacs.")

(defconst plugin-vault--reads
  '("getPersistentData" "getPersistentRecord" "listPersistentData" "listAPIKeys"
    "watchPersistentData" "vault/status")
  "Methods that are repeated if the process ends before it answers.")

;;;###autoload
(cl-defun plugin-vault-open (plugin &key (installation "emacs") api-key must-exist)
  "Return the vault of PLUGIN, for example \"me.notes\".
plugin-vault keeps the key: PLUGIN and INSTALLATION find the same data
in each Emacs.  A caller that keeps a key passes it as API-KEY.  With
MUST-EXIST that key is refused if it has no data yet.
This starts no process: the first call does, and reports what is wrong."
  (let ((vault (make-symbol (concat "plugin-vault " plugin)))
        (sidecar plugin-vault--sidecar))
    (put vault 'sidecar sidecar)
    (put vault 'plugin plugin)
    (put vault 'installation installation)
    (put vault 'key api-key)
    (put vault 'must-exist must-exist)
    (put sidecar 'vaults (cons vault (get sidecar 'vaults)))
    vault))

(defun plugin-vault-close (vault)
  "Close VAULT, and end the process if that was its last vault.
Earlier calls are still carried out.  Emacs closes all vaults at its end."
  (let ((sidecar (get vault 'sidecar)))
    (plugin-vault--wait-until sidecar (lambda () (not (get vault 'waiting))) plugin-vault--farewell)
    (unless (get vault 'closed)
      (plugin-vault--end-watch vault #'ignore)
      (put vault 'closed t)
      (put sidecar 'vaults (delq vault (get sidecar 'vaults)))
      (unless (get sidecar 'vaults) (plugin-vault--stop sidecar)))))

(defun plugin-vault-connect (vault)
  "Start the process and register the key of VAULT now.  Return VAULT."
  (plugin-vault--wait vault
                      (lambda (callback)
                        (plugin-vault--ready vault (lambda (error) (funcall callback error vault))))))

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
               ((get vault 'key) (put vault 'created nil) (set-key (get vault 'key) (get vault 'must-exist)))
               (t (issue))))))))

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

;;; Methods

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

(defun plugin-vault-project-folders ()
  "Return a list of the URI of the current project, or nil."
  (when-let ((project (project-current)))
    (let* ((root (expand-file-name (project-root project)))
           (remote (file-remote-p root))
           (path (url-hexify-string (or (file-remote-p root 'localname) root) url-path-allowed-chars)))
      (list (if remote
                (format "%s://%s%s" (file-remote-p root 'method) (file-remote-p root 'host) path)
              (concat "file://" (unless (string-prefix-p "/" path) "/") path))))))

;; The other parameters of a method are options by name: `:name', `:if-revision'.
(eval-and-compile
  (defun plugin-vault--symbol (parameter)
    "Return the symbol of PARAMETER, `ttl-ms' for `ttlMs'."
    (let ((case-fold-search nil))
      (intern (downcase (replace-regexp-in-string "[A-Z]+" "-\\&" (symbol-name parameter) t))))))

(defmacro plugin-vault--define (name method parameters docstring &optional member)
  "Define the functions NAME and NAME-async for METHOD.
PARAMETERS are those that come first.  DOCSTRING describes the function.
With MEMBER it returns only this member of the answer."
  (declare (indent 3))
  (let* ((symbols (mapcar #'plugin-vault--symbol parameters))
         (leading (cl-mapcar (lambda (parameter symbol) `(cons ',parameter ,symbol)) parameters symbols))
         (options (format "\nOPTIONS are the other parameters of `%s' by name." method))
         (ask `(plugin-vault--asking vault ,method (list ,@leading) options ,member)))
    `(progn
       (defun ,name (vault ,@symbols &rest options)
         ,(concat docstring options)
         (plugin-vault--wait vault ,ask (or (plist-get options :wait-ms) (plist-get options :timeout-ms))))
       (defun ,(intern (format "%s-async" name)) (vault ,@symbols callback &rest options)
         ,(concat docstring "\nReturn at once.  CALLBACK gets ERROR and RESULT." options)
         (funcall ,ask (plugin-vault--outside callback))))))

(defun plugin-vault--asking (vault method leading options member)
  "Return a function of a callback for a call of METHOD of VAULT.
LEADING and OPTIONS are the parameters.  MEMBER is that of the answer."
  (let ((params (plugin-vault--params leading (plugin-vault--located (alist-get 'context leading) options))))
    (lambda (callback)
      (plugin-vault--call vault method params
                          (lambda (error result)
                            (funcall callback error (if (and member result) (gethash member result) result)))))))

(defun plugin-vault--located (context options)
  "Return OPTIONS of a call in CONTEXT with the folder of the current buffer."
  (let ((folders (and (equal context "workspace")
                      (not (plist-get options :workspace-folder))
                      (funcall plugin-vault-workspace-function))))
    (if (= (length folders) 1) `(:workspace-folder ,(car folders) ,@options) options)))

(defun plugin-vault--outside (callback)
  "Return a function to call CALLBACK outside of the process filter."
  (lambda (error result) (plugin-vault--later callback error result)))

(plugin-vault--define plugin-vault-set "setPersistentData" (context data)
  "Store DATA in CONTEXT of VAULT, and return its revision.
It is on the disk when the function returns." "revision")

(plugin-vault--define plugin-vault-get "getPersistentData" (context)
  "Return the data in CONTEXT of VAULT, a hash table, or nil.")

(plugin-vault--define plugin-vault-get-record "getPersistentRecord" (context)
  "Return the data in CONTEXT of VAULT with its revision and dates, or nil.")

(plugin-vault--define plugin-vault-patch "patchPersistentData" (context patch)
  "Change members of the data in CONTEXT of VAULT, and return its revision.
PATCH is a merge patch, RFC 7396: `:null' removes a member." "revision")

(plugin-vault--define plugin-vault-delete "deletePersistentData" (context)
  "Delete the data in CONTEXT of VAULT.")

(plugin-vault--define plugin-vault-list "listPersistentData" ()
  "Return a vector of the records of VAULT, without their data.")

(plugin-vault--define plugin-vault-move "movePersistentData" (from to)
  "Move the data of VAULT of the folder FROM to the folder TO, both URIs.")

(plugin-vault--define plugin-vault-acquire-lease "acquireLease" (name ttlMs)
  "Acquire the lease NAME of VAULT for TTL-MS milliseconds.")

(plugin-vault--define plugin-vault-renew-lease "renewLease" (name lease)
  "Renew the lease NAME of VAULT, with its token LEASE.")

(plugin-vault--define plugin-vault-release-lease "releaseLease" (name lease)
  "Release the lease NAME of VAULT, with its token LEASE.")

(plugin-vault--define plugin-vault-share-key "shareAPIKey" ()
  "Return another key of VAULT.")

(plugin-vault--define plugin-vault-list-keys "listAPIKeys" ()
  "Return a vector of the keys of VAULT, without the keys themselves.")

(plugin-vault--define plugin-vault-revoke-key "revokeAPIKey" ()
  "Revoke the key of VAULT, which destroys its data, or one that it shared.")

(plugin-vault--define plugin-vault--rotate "rotateAPIKey" ()
  "Replace the key of VAULT.")

(defun plugin-vault-rotate-key (vault &optional api-key)
  "Replace the key of VAULT, and return the new one with its details.
A caller that keeps its key saves the new one first, and passes API-KEY."
  (let ((answer (plugin-vault--rotate vault :api-key api-key)))
    (when (get vault 'key) (put vault 'key (gethash "apiKey" answer)))
    answer))

;;; Changes by other processes

(defun plugin-vault-watch (vault &optional since)
  "Run `plugin-vault-change-functions' for what others change in VAULT.
They get each change by another process once and in order, also after
the process of this package ended.  With SINCE, a revision, they get all
later ones.  Return the revision from which the watch begins."
  (plugin-vault--wait
   vault
   (lambda (callback)
     (plugin-vault--call vault "watchPersistentData" (and since `((since . ,since)))
                         (lambda (error answer)
                           (unless error
                             (put vault 'watch (or since (get vault 'watch) (gethash "revision" answer))))
                           (funcall callback error (get vault 'watch)))))))

(defun plugin-vault-unwatch (vault)
  "End the watch of VAULT, and return the revision from which to continue."
  (plugin-vault--wait vault (apply-partially #'plugin-vault--end-watch vault)))

(defun plugin-vault--end-watch (vault callback)
  "End the watch of VAULT, and call CALLBACK with its last revision."
  (let* ((sidecar (get vault 'sidecar))
         (revision (get vault 'watch))
         (handle (get vault 'handle))
         (shared (seq-some (lambda (other) (and (not (eq other vault)) (get other 'watch)
                                                (equal (get other 'handle) handle)))
                           (get sidecar 'vaults))))
    (put vault 'watch nil)
    ;; A process that has ended sends nothing.
    (if (or (not revision) shared (not (get sidecar 'ready)))
        (funcall callback nil revision)
      (plugin-vault--request sidecar "unwatchPersistentData" (plugin-vault--json `((handle . ,handle)))
                             (lambda (&rest _) (funcall callback nil revision))))
    nil))

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

;;; Read, change, store

(defun plugin-vault-update (vault context function &rest options)
  "Change the data in CONTEXT of VAULT with FUNCTION, and return the new data.
FUNCTION gets the data, a hash table, or nil.  It returns the new data,
`:delete' to delete it, or nil to leave it as it is.  If another process
has changed the data meanwhile, FUNCTION is called again with that.
OPTIONS are parameters of `setPersistentData' by name."
  (plugin-vault--wait vault (lambda (callback) (plugin-vault--update vault context function options callback))))

(defun plugin-vault-update-async (vault context function callback &rest options)
  "Do as `plugin-vault-update' with VAULT, CONTEXT, FUNCTION and OPTIONS.
Return at once.  CALLBACK gets ERROR and the new data."
  (plugin-vault--update vault context function options (plugin-vault--outside callback)))

(defun plugin-vault--update (vault context function options callback)
  "Update as `plugin-vault-update' does, and call CALLBACK with the outcome.
VAULT, CONTEXT, FUNCTION and OPTIONS are its arguments."
  (let* ((options (plugin-vault--located context options))
         (address (cl-loop for (name value) on options by #'cddr
                           when (memq name '(:name :workspace-folder)) append (list name value)))
         (call (make-symbol "plugin-vault-call")))
    (cl-labels
        ((ask (method leading options then)
           (let ((inner (funcall (plugin-vault--asking vault method `((context . ,context) ,@leading) options nil)
                                 then)))
             (put call 'inner inner)))
         (read (then)
           (ask "getPersistentRecord" nil address
                (lambda (error record)
                  (if error (funcall callback error nil)
                    (funcall then (and record (gethash "data" record))
                             (if record (gethash "revision" record) 0)
                             (and record (gethash "expiresAt" record)))))))
         (change (data revision expires-at)
           (plugin-vault--later
            (lambda ()
              (condition-case error
                  (let ((new (funcall function data)))
                    (if (or (null new) (and (eq new :delete) (zerop revision)))
                        (funcall callback nil data)
                      (write new revision expires-at)))
                (error (funcall callback error nil))))))
         (write (new revision expires-at)
           (let ((condition (list :if-revision revision :lease (plist-get options :lease)))
                 (finish (lambda (error _) (finish error new revision))))
             (if (eq new :delete)
                 (ask "deletePersistentData" nil (append condition address) finish)
               (ask "setPersistentData" `((data . ,new))
                    (append condition address (list :expires-at (or (plist-get options :expires-at) expires-at)))
                    finish))))
         (finish (error new revision)
           (pcase (and error (plugin-vault-error-kind error))
             ('nil (funcall callback nil (unless (eq new :delete) new)))
             ("revisionConflict" (read #'change))
             ;; If the revision is the same, the process wrote nothing, and never will.
             ("outcomeUnknown" (read (lambda (data now expires-at)
                                       (if (= now revision)
                                           (change data now expires-at)
                                         (funcall callback error nil)))))
             (_ (funcall callback error nil)))))
      (read #'change))
    call))

(provide 'plugin-vault)
;;; plugin-vault.el ends here
