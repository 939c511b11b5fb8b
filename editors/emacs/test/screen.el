;;; screen.el --- What a user sees  -*- lexical-binding: t; no-byte-compile: t -*-

;;; Commentary:

;; Types into an Emacs in a terminal, and reads what its echo area shows.

;;; Code:

(require 'support)

(defvar screen-process nil "The Emacs in a terminal.")
(defvar screen-file nil "The file into which it copies its echo area.")

(defmacro with-screen (forms &rest body)
  "Evaluate BODY beside an Emacs in a terminal that has evaluated FORMS."
  (declare (indent 1))
  `(let* ((screen-file (make-temp-file "echo-area"))
          (process-environment (append '("TERM=xterm") process-environment))
          (command (remove "--batch" (test-child-command
                                            `(setq ring-bell-function #'ignore)
                                            `(run-with-timer
                                              0 0.02
                                              (lambda ()
                                                (write-region (format "%s\n%s" (or (current-message) "")
                                                                      (if (minibufferp) (minibuffer-prompt) ""))
                                                              nil ,screen-file nil 'silent)))
                                            ,forms)))
          (screen-process (make-process :name "screen" :command command :connection-type 'pty :noquery t
                                        :coding 'binary :filter #'ignore :sentinel #'ignore)))
     (set-process-window-size screen-process 40 200)
     (unwind-protect (progn (screen-wait "") ,@body)
       ;; As for any other end, Emacs ends its sidecar first.
       (signal-process screen-process 'SIGTERM)
       (test-until (lambda () (not (process-live-p screen-process))))
       (delete-file screen-file))))

(defun screen-text ()
  "Return the echo area and the prompt."
  (with-temp-buffer
    (insert-file-contents screen-file)
    (buffer-string)))

(defun screen-wait (text)
  "Wait until TEXT is in the echo area or is the prompt."
  (let (shown)
    (condition-case nil
        (test-until (lambda ()
                      (setq shown (screen-text))
                      (and (not (string-empty-p shown)) (string-search text shown))))
      (error (error "%S does not have %S" shown text)))
    shown))

(defun screen-type (keys)
  "Type KEYS."
  (process-send-string screen-process keys))

(defun screen-command (command &optional text)
  "Call COMMAND by its name, and wait for TEXT."
  (screen-type "\ex")
  (screen-wait "M-x")
  (screen-type (concat command "\r"))
  (when text (screen-wait text)))

(defconst screen-command-of-a-plugin
  '(defun my-command ()
     (interactive)
     (message "The word is %s" (gethash "word" (plugin-vault-get (plugin-vault-open "test.screen") "user"))))
  "A command that uses the package.")

(ert-deftest a-locked-store-is-unlocked-by-a-command ()
  (test-with-store root
    (let ((passphrase (test-word)))
      (plugin-vault-set (plugin-vault-open "test.screen") "user" '((word . "shown")))
      (test-protect root passphrase)
      (with-screen screen-command-of-a-plugin
        (let ((shown (screen-command "my-command" "plugin-vault: \"The store is locked")))
          (should (string-search "M-x plugin-vault-unlock" shown)))
        (screen-command "plugin-vault-status" "plugin-vault: locked")
        (screen-command "plugin-vault-unlock" "Passphrase of plugin-vault: ")
        (screen-type "wrong\r")
        (screen-wait "does not open this store")
        (screen-command "plugin-vault-unlock" "Passphrase of plugin-vault: ")
        (screen-type (concat passphrase "\r"))
        (screen-wait "the store is unlocked")
        (screen-command "my-command" "The word is shown")
        (screen-command "plugin-vault-status" "unlocked by passphrase, 1 record")
        (should-not (string-search passphrase (screen-text)))))))

(ert-deftest the-data-of-a-plugin-is-destroyed-after-a-question ()
  (test-with-store root
    (plugin-vault-set (plugin-vault-open "test.screen") "user" '((word . "shown")))
    (with-screen screen-command-of-a-plugin
      (screen-command "plugin-vault-forget" "Destroy the data of plugin: ")
      (screen-type "test.screen\r")
      (screen-wait "Destroy all data of test.screen in Emacs?")
      (screen-type "no\r")
      (screen-command "my-command" "The word is shown")
      (screen-command "plugin-vault-forget" "Destroy the data of plugin: ")
      (screen-type "test.screen\r")
      (screen-wait "Destroy all data of test.screen in Emacs?")
      (screen-type "yes\r")
      (screen-wait "the data of test.screen is destroyed"))
    (should-not (plugin-vault-get (plugin-vault-open "test.screen") "user"))))

(ert-deftest each-error-that-a-user-meets-says-what-to-do ()
  (test-with-store root
    (plugin-vault-set (plugin-vault-open "test.screen") "user" '((word . "shown")))
    (test-stop-all)
    (with-screen
        `(progn
           ,screen-command-of-a-plugin
           (defun my-store ()
             (interactive)
             (plugin-vault-set (plugin-vault-open "test.screen") "user" (list (cons 'much (make-string 100000 ?x)))))
           (defun my-next (program &rest arguments)
             (setq plugin-vault-program program
                   plugin-vault-arguments (append ',plugin-vault-arguments arguments)
                   plugin-vault--sidecar (plugin-vault--new-sidecar)))
           (defun no-program () (interactive) (my-next "/nowhere/plugin-vault") (message "next"))
           (defun relative-program () (interactive) (my-next "bin/plugin-vault") (message "next"))
           (defun wrong-program () (interactive) (my-next "/bin/cat") (message "next"))
           (defun wrong-arguments () (interactive) (my-next ,test-program "--no-such-option") (message "next"))
           (defun little-data () (interactive) (my-next ,test-program "--max-data-bytes" "1000") (message "next"))
           (defun little-store () (interactive) (my-next ,test-program "--max-store-bytes" "70000") (message "next"))
           (defun usual () (interactive) (my-next ,test-program) (message "next")))
      (cl-flet ((try (state command text)
                  (screen-command state "next")
                  (screen-command command text)))
        (try "no-program" "my-command" "names /nowhere/plugin-vault, which is not a program.  Correct it or clear it")
        (try "no-program" "plugin-vault-status" "Correct it or clear it")
        (try "relative-program" "my-command" "Use an absolute file name")
        (try "wrong-program" "my-command" "could not be started as plugin-vault")
        (try "wrong-arguments" "my-command" "could not be started as plugin-vault")
        (try "little-data" "my-store" "Store less, or raise --max-data-bytes")
        (try "little-store" "my-store" "raise the limit")
        (try "usual" "my-command" "The word is shown")
        ;; Another user's store.
        (set-file-modes (expand-file-name "data" root) #o777)
        (try "usual" "my-command" "chmod")
        (set-file-modes (expand-file-name "data" root) #o700)
        (rename-file (expand-file-name "keys" root) (expand-file-name "away" root))
        (try "usual" "my-command" "Put the key file")
        (rename-file (expand-file-name "away" root) (expand-file-name "keys" root))
        (try "usual" "my-command" "The word is shown")
        (try "usual" "plugin-vault-lock" "plugin-vault")))))

(provide 'screen)
;;; screen.el ends here
