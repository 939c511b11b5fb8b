;;; lint.el --- The conventions of Emacs  -*- lexical-binding: t; no-byte-compile: t -*-

;;; Commentary:

;; Prints `ok' or `WRONG' for each file and check: byte-compile, checkdoc,
;; and package-lint if it is in `load-path'.

;;; Code:

(require 'checkdoc)
(require 'bytecomp)
(require 'cl-lib)

(defconst lint-folder (expand-file-name ".." (file-name-directory load-file-name)))
(add-to-list 'load-path lint-folder)

(defun lint-say (what file complaints)
  "Print the outcome of the check WHAT of FILE, which is COMPLAINTS."
  (princ (format "%s Emacs %s, %s: %s\n" (if complaints "WRONG" "ok") emacs-version what (file-name-nondirectory file)))
  (dolist (each complaints) (princ (format "  %s\n" each))))

(defun lint-compile (file)
  "Return what the compiler says about FILE."
  (let (said)
    (cl-letf (((symbol-function 'byte-compile-log-warning)
               (lambda (text &rest _) (push text said))))
      (let* ((compiled (make-temp-file "lint" nil ".elc"))
             (byte-compile-dest-file-function (lambda (_) compiled)))
        (unless (byte-compile-file file) (push "it does not compile" said))
        (delete-file compiled)))
    (nreverse said)))

(defun lint-checkdoc (file)
  "Return what checkdoc says about FILE."
  (let (said)
    (let ((checkdoc-create-error-function
           (lambda (text start &rest _) (push (format "%d: %s" (if start (line-number-at-pos start) 0) text) said) nil))
          (checkdoc-spellcheck-documentation-flag nil)
          (checkdoc-diagnostic-buffer "*lint*"))
      (with-current-buffer (find-file-noselect file)
        (checkdoc-current-buffer t)))
    (nreverse said)))

(defun lint-package (file)
  "Return what package-lint says about FILE."
  (defvar package-lint-main-file)
  (declare-function package-lint-buffer "package-lint")
  (let ((package-lint-main-file (expand-file-name "plugin-vault.el" lint-folder)))
    (with-current-buffer (find-file-noselect file)
      (mapcar (lambda (each) (format "%s:%s: %s" (nth 0 each) (nth 1 each) (nth 3 each)))
              (package-lint-buffer)))))

(dolist (file (directory-files lint-folder t "\\.el\\'"))
  (lint-say "byte-compile" file (lint-compile file))
  (lint-say "checkdoc" file (lint-checkdoc file))
  (when (require 'package-lint nil t)
    (lint-say "package-lint" file (lint-package file))))

;;; lint.el ends here
