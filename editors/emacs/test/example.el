;;; example.el --- The example of the README  -*- lexical-binding: t; no-byte-compile: t -*-
(require 'plugin-vault)

(defvar my-notes-vault (plugin-vault-open "me.notes"))

(defun my-notes-log-in (token)
  "Remember TOKEN.  It is on the disk when the function returns."
  (plugin-vault-set my-notes-vault "user" `((token . ,token))))

(defun my-notes-token ()
  "Return the token, or nil if the user has not logged in."
  (when-let ((data (plugin-vault-get my-notes-vault "user")))
    (gethash "token" data)))

(defun my-notes-count (done)
  "Count in the current project, and call DONE with the number.  Do not wait."
  (plugin-vault-update-async my-notes-vault "workspace"
                             (lambda (data) `((n . ,(1+ (if data (gethash "n" data) 0)))))
                             (lambda (error data)
                               (if error (message "%s" (error-message-string error))
                                 (funcall done (alist-get 'n data))))))
