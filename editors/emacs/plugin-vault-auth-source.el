;;; plugin-vault-auth-source.el --- Passwords of auth-source in plugin-vault  -*- lexical-binding: t; -*-

;; SPDX-License-Identifier: MIT

;;; Commentary:

;; A backend of auth-source:
;;
;;     (add-to-list 'auth-sources 'plugin-vault)
;;
;; Gnus, smtpmail, TRAMP, Forge and others then find their passwords there,
;; and store new ones there if it is the first of `auth-sources'.
;;
;; All entries are in one record: a search reads it once, and two Emacs that
;; add entries at the same time lose none.  What auth-source has cached is
;; forgotten when another process changes the record.

;;; Code:

(require 'auth-source)
(require 'plugin-vault)

(defconst plugin-vault-auth-source-name "entries"
  "The name of the record.")

(defvar plugin-vault-auth-source--vault nil
  "The vault, opened by the first search.")

(defun plugin-vault-auth-source--vault ()
  "Return the vault, opened by the first search and watched."
  (unless plugin-vault-auth-source--vault
    (setq plugin-vault-auth-source--vault (plugin-vault-open "emacs.auth-source"))
    (add-hook 'plugin-vault-change-functions #'plugin-vault-auth-source--changed))
  (unless (get plugin-vault-auth-source--vault 'watch)
    (plugin-vault-watch plugin-vault-auth-source--vault))
  plugin-vault-auth-source--vault)

(defun plugin-vault-auth-source--changed (vault _change)
  "Forget what auth-source has cached if VAULT is the one with the entries."
  (when (eq vault plugin-vault-auth-source--vault)
    (auth-source-forget-all-cached)))

(defun plugin-vault-auth-source--update (function)
  "Replace the list of entries by the value of FUNCTION for it."
  (plugin-vault-update (plugin-vault-auth-source--vault) "user"
                       (lambda (data)
                         (plugin-vault--table
                          "entries" (vconcat (funcall function (plugin-vault-auth-source--entries data)))))
                       :name plugin-vault-auth-source-name)
  ;; Searches that found nothing, or the old entry, are cached too.
  (auth-source-forget-all-cached))

(defun plugin-vault-auth-source--entries (data)
  "Return the list of entries in DATA, hash tables."
  (append (and data (gethash "entries" data)) nil))

;;; Search

(cl-defun plugin-vault-auth-source-search (&rest spec &key backend require max create delete &allow-other-keys)
  "Return the tokens that match SPEC, as `auth-source-search' describes.
BACKEND, REQUIRE, MAX, CREATE and DELETE are parts of it."
  (let* ((wanted (plugin-vault-auth-source--wanted spec))
         (entries (plugin-vault-auth-source--entries
                   (plugin-vault-get (plugin-vault-auth-source--vault) "user" :name plugin-vault-auth-source-name)))
         (found (seq-filter (lambda (entry) (plugin-vault-auth-source--matches entry wanted require)) entries))
         (found (if max (seq-take found max) found)))
    (cond
     ((and create (not found)) (apply #'plugin-vault-auth-source-create spec))
     (t
      (when (and delete found)
        (plugin-vault-auth-source--update
         (lambda (entries)
           (seq-remove (lambda (entry) (seq-some (apply-partially #'plugin-vault-auth-source--same entry) found))
                       entries))))
      (mapcar (lambda (entry) (plugin-vault-auth-source--token entry backend)) found)))))

(defun plugin-vault-auth-source--wanted (spec)
  "Return an alist of the members that entries need for SPEC, and their values.
Each has a list of strings, one of which the entry has."
  (cl-loop for (key value) on spec by #'cddr
           unless (or (memq key '(:backend :type :require :max :create :delete :secret))
                      (memq value '(t nil)))
           collect (cons (substring (symbol-name key) 1)
                         (mapcar (lambda (each) (format "%s" each)) (ensure-list value)))))

(defun plugin-vault-auth-source--matches (entry wanted require)
  "Return non-nil if ENTRY has what is WANTED and the keys that REQUIRE names.
An entry without a port is for every port, as in a netrc file."
  (and (seq-every-p (lambda (each)
                      (let ((value (gethash (car each) entry)))
                        (or (null value) (member value (cdr each)))))
                    wanted)
       (seq-every-p (lambda (key) (gethash (substring (symbol-name key) 1) entry)) require)))

(defun plugin-vault-auth-source--same (one other)
  "Return non-nil if ONE and OTHER are entries for the same host, user and port."
  (seq-every-p (lambda (name) (equal (gethash name one) (gethash name other))) '("host" "user" "port")))

(defun plugin-vault-auth-source--token (entry backend)
  "Return ENTRY as a token of BACKEND, whose secret is a function."
  (let (token)
    (maphash (lambda (name value)
               (setq token (plist-put token (intern (concat ":" name))
                                      (if (equal name "secret") (lambda () value) value))))
             entry)
    (append token (list :backend backend))))

;;; Create

(cl-defun plugin-vault-auth-source-create (&rest spec &key backend create &allow-other-keys)
  "Return a list of a new token for SPEC, with a `:save-function'.
Ask for what SPEC and `auth-source-creation-defaults' do not have.
BACKEND and CREATE are parts of SPEC."
  (let ((entry (plugin-vault--table)))
    (dolist (key (seq-uniq (append '(user host port secret) (and (listp create) create))))
      (let ((value (plugin-vault-auth-source--value key spec entry)))
        (unless (member value '(nil "")) (puthash (symbol-name key) value entry))))
    (list (append (plugin-vault-auth-source--token entry backend)
                  (list :save-function (lambda () (plugin-vault-auth-source--save entry)))))))

(defun plugin-vault-auth-source--value (key spec entry)
  "Return the value of KEY for a new ENTRY from SPEC, or from the user."
  (let* ((given (plist-get spec (intern (format ":%s" key))))
         (values (and (not (eq given t)) (mapcar (lambda (each) (format "%s" each)) (ensure-list given))))
         (default (or (car values) (alist-get key auth-source-creation-defaults)
                      (and (eq key 'user) (user-login-name))))
         (prompt (auth-source-format-prompt
                  (or (alist-get key auth-source-creation-prompts)
                      (pcase key
                        ('secret "%u's password for %h: ")
                        ('user "User name for %h: ")
                        ('host "Host name: ")
                        ('port "Port or protocol for %h, empty for any: ")
                        (_ (format "%s of %%u for %%h: " (capitalize (symbol-name key))))))
                  (mapcar (lambda (each) (list (car each) (or (gethash (cdr each) entry)
                                                              (plist-get spec (intern (concat ":" (cdr each))))
                                                              "any")))
                          '((?u . "user") (?h . "host") (?p . "port"))))))
    (cond ((= (length values) 1) (car values))
          ((cdr values) (completing-read prompt values nil t nil nil default))
          ((eq key 'secret) (or (alist-get key auth-source-creation-defaults) (read-passwd prompt)))
          (t (read-string prompt nil nil default)))))

(defun plugin-vault-auth-source--save (entry)
  "Store ENTRY in the place of one for the same host, user and port.
Obey `auth-source-save-behavior'."
  (when (or (eq auth-source-save-behavior t)
            (and auth-source-save-behavior
                 (y-or-n-p (format "Save the password for %s in plugin-vault? " (gethash "host" entry "any host")))))
    (plugin-vault-auth-source--update
     (lambda (entries)
       (cons entry (seq-remove (apply-partially #'plugin-vault-auth-source--same entry) entries))))))

;;; Registration

(defvar plugin-vault-auth-source-backend
  (auth-source-backend :source "plugin-vault" :type 'plugin-vault
                       :search-function #'plugin-vault-auth-source-search
                       :create-function #'plugin-vault-auth-source-create)
  "The backend of auth-source.")

;;;###autoload
(defun plugin-vault-auth-source-parse (entry)
  "Return the backend if ENTRY of `auth-sources' is the symbol `plugin-vault'."
  (when (eq entry 'plugin-vault)
    plugin-vault-auth-source-backend))

;;;###autoload
(add-hook 'auth-source-backend-parser-functions #'plugin-vault-auth-source-parse)

(provide 'plugin-vault-auth-source)
;;; plugin-vault-auth-source.el ends here
