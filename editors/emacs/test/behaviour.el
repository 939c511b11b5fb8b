;;; behaviour.el --- Tests of the package beside the shared cases  -*- lexical-binding: t; no-byte-compile: t -*-

;;; Commentary:

;; Finding and starting the program, its end at any moment, the end of
;; Emacs, other processes on the same store, and what appears in errors.

;;; Code:

(require 'support)
(require 'plugin-vault-commands)

(defun kind-of (function)
  "Return the kind of the error that FUNCTION signals."
  (plugin-vault-error-kind (should-error (funcall function) :type 'plugin-vault-error)))

(defmacro with-script (variable text &rest body)
  "Evaluate BODY with VARIABLE bound to a program of TEXT for the shell."
  (declare (indent 2))
  `(let ((,variable (make-temp-file "script" nil nil ,(concat "#!/bin/sh\n" text "\n"))))
     (set-file-modes ,variable #o700)
     (unwind-protect (progn ,@body) (delete-file ,variable))))

;;; The program

(ert-deftest the-program-is-searched-in-order-and-never-by-a-relative-name ()
  (let* ((folder (file-name-as-directory (make-temp-file "bin" t)))
         (file (expand-file-name "plugin-vault" folder))
         (default-directory folder)
         (process-environment (cons "PLUGIN_VAULT_BIN" process-environment))
         (plugin-vault-program nil)
         (plugin-vault--folder folder)
         (exec-path '("." "" nil)))
    (should (equal (kind-of #'plugin-vault--program) "binaryNotFound"))
    (copy-file test-program file)
    ;; It lies in the current folder, and nothing absolute names it.
    (should (equal (kind-of #'plugin-vault--program) "binaryNotFound"))
    (setq exec-path (list "." folder))
    (should (equal (plugin-vault--program) file))
    (make-directory (expand-file-name "bin" folder))
    (copy-file test-program (expand-file-name "bin/plugin-vault" folder))
    (should (equal (plugin-vault--program) (expand-file-name "bin/plugin-vault" folder)))
    (setenv "PLUGIN_VAULT_BIN" file)
    (should (equal (plugin-vault--program) file))
    (setenv "PLUGIN_VAULT_BIN" "plugin-vault")
    (should (string-search "absolute" (cadr (should-error (plugin-vault--program)))))
    (setq plugin-vault-program test-program)
    (should (equal (plugin-vault--program) test-program))
    (setq plugin-vault-program "/nowhere/plugin-vault")
    (should (string-search "is not a program" (cadr (should-error (plugin-vault--program)))))
    (delete-directory folder t)))

(ert-deftest opening-starts-nothing-and-a-missing-program-is-reported-by-the-call ()
  (test-with-store root
    (let ((plugin-vault-program "/nowhere/plugin-vault"))
      (let ((vault (plugin-vault-open "test.missing")))
        (should-not (test-running))
        (should (equal (kind-of (lambda () (plugin-vault-get vault "user"))) "binaryNotFound"))
        (setq plugin-vault-program test-program)
        (should-not (plugin-vault-get vault "user"))))))

(ert-deftest another-program-is-named-as-such ()
  (test-with-store root
    (let ((vault (plugin-vault-open "test.other")))
      (with-script plugin-vault-program "exec cat"
        (let ((error (should-error (plugin-vault-get vault "user"))))
          (should (equal (plugin-vault-error-kind error) "binaryUnsuitable"))
          (should (string-search "not plugin-vault" (cadr error)))))
      (with-script plugin-vault-program "echo 'this is something else' >&2; exit 3"
        (let ((error (should-error (plugin-vault-get vault "user"))))
          (should (equal (plugin-vault-error-kind error) "vaultEnded"))
          (should (string-search "this is something else" (cadr error)))))
      (with-script plugin-vault-program "yes 'some output of another program'"
        (should (equal (kind-of (lambda () (plugin-vault-get vault "user"))) "vaultEnded")))
      (with-script plugin-vault-program
          "body='{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":{\"capabilities\":{\"experimental\":{\"pluginVault\":{\"protocolVersion\":2}}}}}'
printf 'Content-Length: %d\\r\\n\\r\\n%s' ${#body} \"$body\"; exec sleep 60"
        (let* ((plugin-vault--sidecar (plugin-vault--new-sidecar))
               (error (should-error (plugin-vault-get (plugin-vault-open "test.version") "user"))))
          (should (equal (plugin-vault-error-kind error) "binaryUnsuitable"))
          (should (string-search "Update this package" (cadr error)))))
      (should-not (test-running))
      (should-not (plugin-vault-get vault "user")))))

(defun change-program (file at bytes)
  "Write the program with BYTES at AT to FILE."
  (with-temp-buffer
    (set-buffer-multibyte nil)
    (insert-file-contents-literally test-program)
    (goto-char (if (stringp at) (progn (search-forward at) (match-beginning 0)) at))
    (delete-char (length bytes))
    (insert bytes)
    (let ((coding-system-for-write 'binary)) (write-region nil nil file nil 'silent))
    (set-file-modes file #o700)))

(ert-deftest a-program-for-another-processor-or-c-library-is-named-as-such ()
  (test-with-store root
    (let ((vault (plugin-vault-open "test.foreign"))
          (plugin-vault-program (expand-file-name "foreign" root)))
      ;; The number of a processor that no Emacs runs on, and a loader that is not there.
      (pcase-dolist (`(,at ,bytes) '((19 "\26") ("/ld-" "/!d-")))
        (change-program plugin-vault-program at bytes)
        (let ((error (should-error (plugin-vault-get vault "user"))))
          (should (equal (plugin-vault-error-kind error) "vaultEnded"))
          (should (string-search "foreign could not be started: it is built for another C library or processor" (cadr error))))))
    (should-not (plugin-vault--foreign test-program))))

(ert-deftest the-program-starts-in-the-home-folder ()
  (test-with-store root
    (let ((default-directory root)
          (vault (plugin-vault-connect (plugin-vault-open "test.home"))))
      (should (equal (file-truename (format "/proc/%d/cwd" (process-id (get (get vault 'sidecar) 'process))))
                     (directory-file-name (file-truename "~")))))))

;;; Ends

(ert-deftest a-write-that-is-not-answered-has-an-unknown-outcome-and-a-read-is-repeated ()
  (test-with-store root
    (let* ((vault (plugin-vault-open "test.kill")) outcomes)
      (plugin-vault-set vault "user" '((n . 1)))
      (let ((process (get (get vault 'sidecar) 'process)))
        (test-stop vault)
        (plugin-vault-set-async vault "user" '((n . 2)) (lambda (error _) (push (plugin-vault-error-kind error) outcomes)))
        (plugin-vault-get-async vault "user" (lambda (_ data) (push (gethash "n" data) outcomes)))
        (signal-process process 'SIGKILL))
      (test-until (lambda () (= (length outcomes) 2)))
      (should (equal (sort (mapcar (lambda (each) (format "%s" each)) outcomes) #'string<) '("1" "outcomeUnknown"))))))

(ert-deftest after-five-ends-within-a-minute-it-is-not-started-again ()
  (test-with-store root
    (let ((vault (plugin-vault-open "test.ends")))
      (dotimes (_ 5)
        (plugin-vault-get vault "user")
        (test-kill vault))
      (let ((error (should-error (plugin-vault-get vault "user"))))
        (should (equal (plugin-vault-error-kind error) "vaultEnded"))
        (should (string-search "5 times within a minute" (cadr error)))))))

(ert-deftest a-process-that-ends-right-after-its-start-is-started-five-times ()
  (test-with-store root
    (let ((starts 0))
      (cl-letf (((symbol-function 'plugin-vault--notify)
                 (lambda (sidecar method _)
                   (when (equal method "initialized")
                     (setq starts (1+ starts))
                     (delete-process (get sidecar 'process))))))
        (with-timeout (20 (error "It is started again and again"))
          (should (equal (kind-of (lambda () (plugin-vault-get (plugin-vault-open "test.ends") "user"))) "vaultEnded"))))
      (should (= starts 5)))))

(ert-deftest a-call-that-takes-too-long-is-cancelled ()
  (test-with-store root
    (let* ((vault (plugin-vault-open "test.deadline"))
           (lease (gethash "lease" (plugin-vault-acquire-lease vault "x" 60000)))
           (plugin-vault-timeout 0.3)
           (error (should-error
                   (plugin-vault--wait
                    vault (apply-partially #'plugin-vault--call vault "acquireLease"
                                           '((name . "x") (ttlMs . 60000) (waitMs . 60000)))))))
      (should (equal (plugin-vault-error-kind error) "requestCancelled"))
      (should (string-search "did not answer within 0.3 seconds" (cadr error)))
      (plugin-vault-release-lease vault "x" lease)
      ;; A request that still waited would have the lease now.
      (should (plugin-vault-acquire-lease vault "x" 60000)))))

(ert-deftest a-write-to-a-stopped-process-has-a-deadline ()
  (test-with-store root
    (let ((vault (plugin-vault-open "test.stopped"))
          (plugin-vault--farewell 0.3)
          (start (float-time)))
      ;; The second is more than a pipe takes.
      (dolist (data (list '((n . 2)) (test-json "much" (make-string 1000000 ?x))))
        (plugin-vault-set vault "user" '((n . 1)))
        (test-stop vault)
        (let ((plugin-vault-timeout 0.3))
          (should (equal (kind-of (lambda () (plugin-vault-set vault "user" data))) "outcomeUnknown"))))
      (should (< (- (float-time) start) 10))
      (should (plugin-vault-get vault "user")))))

(ert-deftest a-message-that-is-not-read-has-a-deadline ()
  (let* ((plugin-vault-timeout 0.3)
         (sidecar (plugin-vault--new-sidecar))
         (process (make-process :name "sleep" :command '("sleep" "60") :connection-type 'pipe :noquery t
                                :sentinel #'ignore))
         (start (float-time)))
    (put sidecar 'process process)
    (ignore-errors (plugin-vault--send sidecar (make-string 1000000 ?x)))
    (should-not (process-live-p process))
    (should (< (- (float-time) start) 10))))

(ert-deftest quitting-cancels-the-call ()
  (test-with-store root
    (let* ((vault (plugin-vault-open "test.quit"))
           (lease (gethash "lease" (plugin-vault-acquire-lease vault "x" 60000))))
      (run-at-time 0.2 nil (lambda () (setq quit-flag t)))
      (should (eq (condition-case nil
                      (plugin-vault-acquire-lease vault "x" 60000 :wait-ms 60000)
                    (quit 'quit))
                  'quit))
      (plugin-vault-release-lease vault "x" lease)
      ;; A request that still waited would have the lease now.
      (should (plugin-vault-acquire-lease vault "x" 60000)))))

(ert-deftest closing-carries-earlier-calls-out ()
  (test-with-store root
    (let ((vault (plugin-vault-open "test.close")))
      (dotimes (n 20) (plugin-vault-set-async vault "user" `((n . ,n)) #'ignore))
      (plugin-vault-close vault)
      (should-not (test-running))
      (should (equal (kind-of (lambda () (plugin-vault-get vault "user"))) "closed"))
      (should (equal (gethash "n" (plugin-vault-get (plugin-vault-open "test.close") "user")) 19)))))

(ert-deftest what-an-emacs-stored-another-reads-and-no-process-is-left ()
  (test-with-store root
    (let ((pid (string-to-number
                (test-child '(let ((vault (plugin-vault-open "test.restart")))
                               (plugin-vault-set vault "user" '((n . 1)))
                               (plugin-vault-set-async vault "user" '((n . 2)) #'ignore)
                               (princ (process-id (get plugin-vault--sidecar 'process))))))))
      (should (> pid 0))
      (test-until (lambda () (not (test-alive pid)))))
    (should (equal (test-child '(princ (gethash "n" (plugin-vault-get (plugin-vault-open "test.restart") "user")))) "2"))))

(ert-deftest an-emacs-that-a-signal-ends-ends-its-process-at-once ()
  (test-with-store root
    (let* ((said "")
           (child (make-process
                   :name "child" :connection-type 'pipe :noquery t
                   :command (test-child-command
                             '(let ((vault (plugin-vault-connect (plugin-vault-open "test.signal"))))
                                (plugin-vault-set-async vault "user" '((n . 1)) #'ignore)
                                (message "pid %d" (process-id (get plugin-vault--sidecar 'process)))
                                (while t (sleep-for 0.01))))
                   :filter (lambda (_ text) (setq said (concat said text)))))
           (pid (test-until (lambda () (and (string-match "pid \\([0-9]+\\)\n" said)
                                            (string-to-number (match-string 1 said)))))))
      (signal-process child 'SIGTERM)
      (let ((start (float-time)))
        (test-until (lambda () (not (or (process-live-p child) (test-alive pid)))))
        (should (< (- (float-time) start) 2)))
      (should (equal (gethash "n" (plugin-vault-get (plugin-vault-open "test.signal") "user")) 1)))))

(ert-deftest an-emacs-that-is-killed-in-the-middle-of-writes-loses-none-that-returned ()
  (test-with-store root
    (dotimes (round 3)
      (let* ((written "")
             (child (make-process
                     :name "child" :connection-type 'pipe :noquery t
                     :command (test-child-command
                               '(let ((vault (plugin-vault-open "test.killed")) (n 0))
                                  (plugin-vault-connect vault)
                                  (message "pid %d" (process-id (get plugin-vault--sidecar 'process)))
                                  (while t
                                    (plugin-vault-set vault "user" (list (cons 'n (setq n (1+ n)))))
                                    (message "%d" n))))
                     :filter (lambda (_ text) (setq written (concat written text))))))
        (test-until (lambda () (> (length (split-string written "\n")) (* 10 (1+ round)))))
        (signal-process child 'SIGKILL)
        (test-until (lambda () (not (process-live-p child))))
        (let* ((lines (butlast (split-string written "\n")))
               (pid (string-to-number (substring (seq-find (lambda (line) (string-prefix-p "pid " line)) lines) 4)))
               (stored (gethash "n" (plugin-vault-get (plugin-vault-open "test.killed") "user"))))
          (test-until (lambda () (not (test-alive pid))))
          (should (<= (string-to-number (car (last lines))) stored)))))))

;;; Values

(ert-deftest what-is-read-and-stored-back-is-the-same ()
  (test-with-store root
    (let* ((vault (plugin-vault-open "test.values"))
           (text "{\"z\":{},\"a\":[],\"null\":null,\"f\":false,\"t\":true,\"n\":[{}, null, [[]], \"\"],\"\":0,\"big\":9007199254740991,\"half\":0.5}")
           (revision (plugin-vault-set vault "user" (json-parse-string text)))
           (data (plugin-vault-get vault "user")))
      (should (equal (plugin-vault-set vault "user" data) revision))
      (should (hash-table-p (gethash "z" data)))
      (should (equal (gethash "a" data) []))
      (should (eq (gethash "null" data) :null))
      (should (eq (gethash "f" data) :false)))))

(ert-deftest an-alist-and-a-plist-are-objects-and-nil-is-the-empty-one ()
  (test-with-store root
    (let ((vault (plugin-vault-open "test.forms")))
      (plugin-vault-set vault "user" '((a . 1) (b . nil)))
      (should (hash-table-p (gethash "b" (plugin-vault-get vault "user"))))
      (plugin-vault-set vault "user" '(:a 2))
      (should (equal (gethash "a" (plugin-vault-get vault "user")) 2))
      (plugin-vault-set vault "user" nil)
      (should (zerop (hash-table-count (plugin-vault-get vault "user")))))))

(ert-deftest numbers-and-names-that-json-parse-string-refuses-are-read ()
  (test-with-store root
    (let ((vault (plugin-vault-open "test.numbers")))
      (plugin-vault-set vault "user" '((n . 1)))
      (test-shell "test.numbers"
                  "\"method\":\"setPersistentData\",\"params\":[\"user\",{\"n\":123456789012345678901234567890,\"a\\u0000b\":{}}]")
      (let ((data (plugin-vault-get vault "user")))
        (should (equal (gethash "n" data) 123456789012345678901234567890))
        (should (hash-table-p (gethash "a\0b" data)))))))

;;; Callbacks

(ert-deftest a-callback-may-wait-for-another-call-while-further-callbacks-are-due ()
  (test-with-store root
    (let ((vault (plugin-vault-connect (plugin-vault-open "test.nested"))) done (start (float-time)))
      (plugin-vault--later (lambda ()
                             (plugin-vault-update vault "user" (lambda (_) '((n . 1))))
                             (push 1 done)))
      (plugin-vault--later (lambda () (push 2 done)))
      (test-until (lambda () (= (length done) 2)))
      (should (< (- (float-time) start) 8)))))

;;; Update

(ert-deftest an-update-takes-the-changes-of-others-into-account ()
  (test-with-store root
    (let ((vault (plugin-vault-open "test.update")) (calls 0))
      (should (equal (plugin-vault-update vault "user" (lambda (_) '((n . 1)))) '((n . 1))))
      (plugin-vault-update vault "user"
                           (lambda (data)
                             (when (= (setq calls (1+ calls)) 1)
                               (test-shell "test.update"
                                           "\"method\":\"patchPersistentData\",\"params\":[\"user\",{\"shell\":true}]"))
                             (puthash "n" 2 data)
                             data))
      (let ((data (plugin-vault-get vault "user")))
        (should (= calls 2))
        (should (equal (gethash "n" data) 2))
        (should (eq (gethash "shell" data) t)))
      (plugin-vault-update vault "user" #'ignore)
      (should (plugin-vault-get vault "user"))
      (plugin-vault-update vault "user" (lambda (_) :delete))
      (should-not (plugin-vault-get vault "user"))
      (should (equal (cadr (should-error (plugin-vault-update vault "user" (lambda (_) (error "Mine"))))) "Mine")))))

;;; Other processes

(ert-deftest emacs-is-told-of-what-the-shell-writes-and-the-shell-reads-what-emacs-writes ()
  (test-with-store root
    (let* ((vault (plugin-vault-open "test.shell")) changes)
      (plugin-vault-set vault "user" '((by . "emacs")))
      (should (equal (gethash "by" (test-shell "test.shell" "\"method\":\"getPersistentData\",\"params\":[\"user\"]"))
                     "emacs"))
      (plugin-vault-watch vault)
      ;; A function that fails does not keep the change from the next one.
      (add-hook 'plugin-vault-change-functions (lambda (_vault change) (push change changes)))
      (add-hook 'plugin-vault-change-functions (lambda (&rest _) (error "A function that fails")))
      (let ((inhibit-message t) (debug-on-error nil))
        (test-shell "test.shell" "\"method\":\"setPersistentData\",\"params\":{\"context\":\"user\",\"name\":\"x\",\"data\":{\"by\":\"shell\"}}")
        (test-until (lambda () changes)))
      (should (equal (gethash "name" (car changes)) "x"))
      (should (equal (gethash "by" (plugin-vault-get vault "user" :name "x")) "shell")))))

;; Both editors take the same key, so that they have the same data.
(ert-deftest emacs-is-told-of-what-neovim-stores-and-the-shell-reads-it ()
  (test-with-store root
    (let ((vault (plugin-vault-open "test.both" :installation "both")) changes)
      (plugin-vault-set vault "user" '((by . "emacs")))
      (plugin-vault-watch vault)
      (add-hook 'plugin-vault-change-functions (lambda (_vault change) (push change changes)))
      (test-neovim root "local vault = require('plugin-vault').open({ plugin = 'test.both', installation = 'both' })
                         vault:set('user', { by = 'neovim', after = vault:get('user').by }, { name = 'x' })")
      (test-until (lambda () changes))
      (should (equal (length changes) 1))
      (should (equal (gethash "name" (car changes)) "x"))
      (should (equal (gethash "after" (plugin-vault-get vault "user" :name "x")) "emacs"))
      (with-temp-buffer
        (apply #'call-process test-program nil t nil "get" "test.both/both:x#/by" (test-arguments root))
        (should (equal (buffer-string) "\"neovim\"\n"))))))

(ert-deftest the-folder-of-workspace-is-the-project-of-the-buffer ()
  (test-with-store root
    (let* ((vault (plugin-vault-open "test.project"))
           (project (expand-file-name "a b/" root))
           (default-directory project))
      (make-directory (expand-file-name ".git" project) t)
      (plugin-vault-set vault "workspace" '((n . 1)))
      (should (equal (gethash "workspaceFolder" (aref (plugin-vault-list vault) 0))
                     (concat "file://" root "/a%20b")))
      (let ((default-directory root))
        (should (equal (kind-of (lambda () (plugin-vault-get vault "workspace"))) "workspaceFolderRequired"))))))

;;; Secrets

(ert-deftest no-key-and-no-value-is-printed ()
  (test-with-store root
    (let* ((word (test-word)) (vault (plugin-vault-open "test.print")))
      (plugin-vault-set vault "user" (test-json "word" word) :name word)
      (plugin-vault-set-async vault "user" (test-json "word" word) #'ignore :name word)
      (let ((shown (format "%S%s" (list vault plugin-vault--sidecar (get (get vault 'sidecar) 'process)) vault)))
        (should-not (string-search word shown))
        (should-not (string-search (get vault 'handle) shown)))
      (dolist (call (list (lambda () (plugin-vault-set vault "user" (test-json "word" (list word 1 2))))
                          (lambda () (plugin-vault-set vault "user" (test-json "word" (concat word "\x3fffff"))))
                          (lambda () (plugin-vault-set vault "user" (vector word)))
                          (lambda () (plugin-vault-set vault word (test-json)))
                          (lambda () (plugin-vault-get vault "user" :name (concat word (make-string 300 ?x))))
                          (lambda () (plugin-vault-connect (plugin-vault-open "test.print" :api-key word)))))
        (let ((error (should-error (funcall call) :type 'plugin-vault-error)))
          (should-not (string-search word (format "%S%s" error (error-message-string error))))))
      (should-not (with-current-buffer (messages-buffer) (string-search word (buffer-string)))))))

(provide 'behaviour)
;;; behaviour.el ends here
