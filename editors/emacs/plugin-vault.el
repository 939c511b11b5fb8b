;;; plugin-vault.el --- Private storage for packages  -*- lexical-binding: t; -*-

;; Author: The plugin-vault authors
;; Version: 0.1.0
;; Package-Requires: ((emacs "28.1"))
;; Keywords: data, comm
;; URL: https://www.npmjs.com/package/plugin-vault
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

(require 'plugin-vault-session)

(defvar plugin-vault--sidecar (plugin-vault--new-sidecar)
  "The sidecar of all vaults of this Emacs.")

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

;;; Methods

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
