;;; plugin-vault-commands.el --- Commands for the store of plugin-vault  -*- lexical-binding: t; -*-

;; SPDX-License-Identifier: MIT

;;; Commentary:

;; What a user does with the store: see its state, unlock and lock it, and
;; destroy the data of one plugin.

;;; Code:

(require 'plugin-vault)

(defun plugin-vault--ask (method &optional params more)
  "Call METHOD with PARAMS, which needs no key, and wait MORE milliseconds."
  (plugin-vault--wait plugin-vault--sidecar (apply-partially #'plugin-vault--call plugin-vault--sidecar method params) more))

;;;###autoload
(defun plugin-vault-status ()
  "Show the state of the store, and return it."
  (interactive)
  (let ((status (plugin-vault--ask "vault/status")))
    (message "plugin-vault: %s, %d records, %s, in %s%s"
             (cond ((not (gethash "storeId" status)) "no store yet")
                   ((eq (gethash "keyAvailable" status) t) (format "unlocked by %s" (gethash "protector" status)))
                   (t "locked"))
             (gethash "records" status)
             (file-size-human-readable (gethash "bytes" status) 'si " " "B")
             (abbreviate-file-name (gethash "dataDir" status))
             (if (gethash "relay" status) ", at the other end of a relay" ""))
    status))

;;;###autoload
(defun plugin-vault-unlock (&optional passphrase)
  "Unlock the store with PASSPHRASE, or with the help of the program.
Interactively, ask for the passphrase if the store has one."
  (interactive)
  (let* ((status (plugin-vault--ask "vault/status"))
         (asks (and (not passphrase) (seq-contains-p (gethash "protectors" status) "passphrase")))
         (typed (and asks (not (eq (gethash "keyAvailable" status) t))
                     (read-passwd "Passphrase of plugin-vault: ")))
         (passphrase (or passphrase typed)))
    (unwind-protect
        (prog1 (plugin-vault--ask "vault/unlock" (and passphrase `((passphrase . ,passphrase))) 60000)
          (message "plugin-vault: the store is unlocked"))
      (when typed (clear-string typed)))))

;;;###autoload
(defun plugin-vault-lock ()
  "Lock the store for all processes, until it is unlocked.  Return the answer."
  (interactive)
  (let ((answer (plugin-vault--ask "vault/lock")))
    (message "plugin-vault: %s"
             (pcase (gethash "reason" answer)
               ('nil "the store is locked")
               ("noStore" "there is no store yet, so nothing was locked")
               (_ "the store can't be locked, because only a key file protects it.  Add a passphrase with `plugin-vault protector add passphrase'")))
    answer))

;;;###autoload
(defun plugin-vault-forget (plugin)
  "Destroy all data of PLUGIN in this Emacs."
  (interactive
   (let ((vaults (seq-remove (lambda (vault) (get vault 'key)) (get plugin-vault--sidecar 'vaults))))
     (list (completing-read "Destroy the data of plugin: " (mapcar (lambda (vault) (get vault 'plugin)) vaults)))))
  (when (yes-or-no-p (format "Destroy all data of %s in Emacs? " plugin))
    (let ((vault (plugin-vault-open plugin)))
      (unwind-protect (plugin-vault-revoke-key vault)
        (plugin-vault-close vault))
      (message "plugin-vault: the data of %s is destroyed" plugin))))

(provide 'plugin-vault-commands)
;;; plugin-vault-commands.el ends here
