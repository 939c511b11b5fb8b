;;; plugin-vault-commands.el --- Commands for the store of plugin-vault  -*- lexical-binding: t; -*-

;; SPDX-License-Identifier: MIT

;;; Commentary:

;; What a user does with the store: see its state, unlock and lock it, and
;; destroy the data of one plugin.

;;; Code:

(require 'plugin-vault)

(defmacro plugin-vault--showing (&rest body)
  "Evaluate BODY, and show an error as a message to the user."
  (declare (indent 0))
  `(condition-case error (progn ,@body)
     (plugin-vault-error (user-error "%s" (cadr error)))))

(defun plugin-vault--ask (method &optional params more)
  "Call METHOD with PARAMS, which needs no key, and wait MORE milliseconds."
  (plugin-vault--wait plugin-vault--sidecar (apply-partially #'plugin-vault--call plugin-vault--sidecar method params) more))

;;;###autoload
(defun plugin-vault-status ()
  "Show the state of the store, and return it."
  (interactive)
  (plugin-vault--showing
    (let ((status (plugin-vault--ask "vault/status")))
      (message "plugin-vault: %s, %d records, %s, in %s"
               (cond ((not (gethash "storeId" status)) "no store yet")
                     ((eq (gethash "keyAvailable" status) t) (format "unlocked by %s" (gethash "protector" status)))
                     (t "locked"))
               (gethash "records" status)
               (file-size-human-readable (gethash "bytes" status) 'si " " "B")
               (abbreviate-file-name (gethash "dataDir" status)))
      status)))

;;;###autoload
(defun plugin-vault-unlock ()
  "Unlock the store, with a passphrase or with the help of the program."
  (interactive)
  (plugin-vault--showing
    (let ((status (plugin-vault--ask "vault/status")))
      (unless (eq (gethash "keyAvailable" status) t)
        (if (not (seq-contains-p (gethash "protectors" status) "passphrase"))
            (plugin-vault--ask "vault/unlock" nil 60000)
          (let ((passphrase (read-passwd "Passphrase of plugin-vault: ")))
            (unwind-protect (plugin-vault--ask "vault/unlock" `((passphrase . ,passphrase)))
              (clear-string passphrase)))))
      (message "plugin-vault: the store is unlocked"))))

;;;###autoload
(defun plugin-vault-lock ()
  "Lock the store, if it has a passphrase or another protector that asks."
  (interactive)
  (plugin-vault--showing
    (plugin-vault--ask "vault/lock")
    (message "plugin-vault: the store is locked")))

;;;###autoload
(defun plugin-vault-forget (plugin)
  "Destroy all data of PLUGIN in this Emacs."
  (interactive
   (let ((vaults (seq-remove (lambda (vault) (get vault 'key)) (get plugin-vault--sidecar 'vaults))))
     (list (completing-read "Destroy the data of plugin: " (mapcar (lambda (vault) (get vault 'plugin)) vaults)))))
  (when (yes-or-no-p (format "Destroy all data of %s in Emacs? " plugin))
    (let ((vault (plugin-vault-open plugin)))
      (plugin-vault--showing
        (unwind-protect (plugin-vault-revoke-key vault)
          (plugin-vault-close vault))
        (message "plugin-vault: the data of %s is destroyed" plugin)))))

(provide 'plugin-vault-commands)
;;; plugin-vault-commands.el ends here
