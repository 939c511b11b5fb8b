;;; manners.el --- Tests of the README, and of the ways to install the package  -*- lexical-binding: t; no-byte-compile: t -*-

;;; Code:

(require 'support)

(defun file-text (name)
  "Return the text of the file NAME of the package."
  (with-temp-buffer
    (insert-file-contents (expand-file-name name test-package))
    (buffer-string)))

(ert-deftest the-readme-has-the-tested-example ()
  (let ((example (file-text "test/example.el")))
    (should (string-search (concat "```elisp\n" (substring example (1+ (string-search "\n" example))) "```")
                           (file-text "README.md"))))
  (test-with-store root
    (load (expand-file-name "test/example.el" test-package) nil t)
    (let ((my-notes-vault (plugin-vault-open "me.notes")) counted)
      (defvar my-notes-vault)
      (should-not (my-notes-token))
      (my-notes-log-in "abc")
      (should (equal (my-notes-token) "abc"))
      (let ((plugin-vault-workspace-function (lambda () '("file:///project"))))
        (dotimes (_ 2)
          (setq counted nil)
          (my-notes-count (lambda (n) (setq counted n)))
          (test-until (lambda () counted))))
      (should (equal counted 2)))))

(ert-deftest each-function-of-the-readme-exists ()
  (require 'plugin-vault-tokens)
  (require 'plugin-vault-commands)
  (require 'plugin-vault-auth-source)
  (let ((text (file-text "README.md")) (start 0) (count 0))
    (while (string-match "\\bplugin-vault-[a-z-]+[a-z]" text start)
      (let ((symbol (intern (match-string 0 text))))
        (setq start (match-end 0)
              count (1+ count))
        (should (or (fboundp symbol) (boundp symbol) (get symbol 'error-conditions)
                    (locate-library (symbol-name symbol))
                    (progn (plugin-vault--condition "revisionConflict" "") (get symbol 'error-conditions))
                    (eq symbol 'plugin-vault-login-needed)))))
    (should (> count 20))))

;;; Installing

(defun installed (home &rest forms)
  "Evaluate FORMS in an Emacs with a home folder HOME of its own, and return what it prints."
  (let ((process-environment (append (list (concat "HOME=" home) (concat "XDG_CONFIG_HOME=" home)) process-environment))
        (use '((setq plugin-vault-program (getenv "PLUGIN_VAULT_BIN"))
               (let ((vault (plugin-vault-open "test.installed")))
                 (plugin-vault-set vault "user" '((n . 1)))
                 (add-to-list 'auth-sources 'plugin-vault)
                 (setq auth-sources '(plugin-vault))
                 (princ (list (gethash "n" (plugin-vault-get vault "user"))
                              (auth-source-search :host "nowhere")
                              (mapcar #'commandp '(plugin-vault-status plugin-vault-unlock plugin-vault-lock
                                                   plugin-vault-forget))))))))
    (with-temp-buffer
      (let ((status (call-process test-emacs nil '(t nil) nil "-Q" "--batch" "--eval"
                                  (prin1-to-string `(progn (require 'auth-source)
                                                           (setq package-archives nil)
                                                           (setq plugin-vault-arguments ',plugin-vault-arguments)
                                                           ,@forms ,@use)))))
        (unless (equal status 0) (error "The other Emacs ended with %s: %s" status (buffer-string))))
      (goto-char (point-max))
      (buffer-substring (line-beginning-position) (point-max)))))

(defmacro test-installed (variable &rest forms)
  "Test that FORMS, with the folder of the package as VARIABLE, install it."
  (declare (indent 1))
  `(test-with-store root
     (let* ((home (expand-file-name "home/" root))
            (,variable (expand-file-name "checkout/editors/emacs/" root)))
       (make-directory home)
       (make-directory (file-name-directory (directory-file-name ,variable)) t)
       (copy-directory test-package ,variable nil nil t)
       (should (equal (installed home ,@forms) "(1 nil (t t t t))")))))

(ert-deftest it-is-installed-as-a-package-from-a-folder ()
  (test-installed folder
    `(require 'package)
    `(package-initialize)
    `(package-install-file ,(directory-file-name folder))))

(ert-deftest it-is-used-from-a-folder-in-load-path ()
  (test-installed folder
    `(add-to-list 'load-path ,folder)
    `(require 'plugin-vault)
    `(require 'plugin-vault-commands)
    `(require 'plugin-vault-auth-source)))

(when (>= emacs-major-version 30)
  (ert-deftest it-is-installed-by-use-package-from-git ()
    (test-installed folder
      (let ((default-directory (expand-file-name "checkout" root)))
        (dolist (arguments '(("init" "--quiet") ("add" ".")
                             ("-c" "user.name=x" "-c" "user.email=x@localhost" "commit" "--quiet" "-m" "x")))
          (should (equal 0 (apply #'call-process "git" nil nil nil arguments))))
        `(progn (require 'package) (package-initialize)))
      `(use-package plugin-vault
         :vc (:url ,(concat "file://" root "/checkout") :lisp-dir "editors/emacs" :rev :newest)))))

(provide 'manners)
;;; manners.el ends here
