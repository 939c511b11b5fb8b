;;; support.el --- What the tests share  -*- lexical-binding: t; no-byte-compile: t -*-

;;; Commentary:

;; Each test has a store of its own.  A window is an Emacs of its own to the
;; store: a sidecar with its own process.

;;; Code:

(require 'ert)
(require 'cl-lib)
(require 'plugin-vault)

(defconst test-folder (file-name-directory (or load-file-name buffer-file-name)))
(defconst test-package (expand-file-name ".." test-folder))
(defconst test-program (getenv "PLUGIN_VAULT_BIN") "The program.")
(defconst test-emacs (or (getenv "EMACS_UNDER_TEST") (expand-file-name invocation-name invocation-directory))
  "The command that starts an Emacs as this one.")

(setq plugin-vault-program test-program)

(defun test-arguments (root)
  "Return the arguments of a sidecar whose store is below ROOT."
  (list "--data-dir" (expand-file-name "data" root) "--key-dir" (expand-file-name "keys" root)))

(defun test-running ()
  "Return the processes of the package that run."
  (seq-filter (lambda (process) (process-get process 'plugin-vault-sidecar)) (process-list)))

(defun test-stop-all ()
  "End the processes of the package."
  (dolist (process (test-running))
    (plugin-vault--stop (process-get process 'plugin-vault-sidecar))))

(defun test-relay (root plugin)
  "Start a relay for PLUGIN with the store below ROOT, and return its process.
The property `socket' names its socket."
  (let* ((folder (expand-file-name "sockets" root))
         (socket (expand-file-name "relay" folder))
         (relay (with-file-modes #o700
                  (make-directory folder t)
                  (make-process :name "relay" :connection-type 'pipe :noquery t :sentinel #'ignore
                                :command `(,test-program "relay" ,plugin "--listen" ,socket ,@(test-arguments root))
                                :filter (lambda (process text) (process-put process 'said text))))))
    (process-put relay 'socket socket)
    (test-until (lambda ()
                  (unless (process-live-p relay) (error "The relay has ended: %s" (process-get relay 'said)))
                  (process-get relay 'said))
                "the relay")
    relay))

(defun test-end-relay (relay)
  "End RELAY, and wait until it has ended."
  (signal-process relay 'SIGTERM)
  (test-until (lambda () (not (process-live-p relay))) "the end of the relay"))

(defmacro test-with-store (root &rest body)
  "Evaluate BODY with a new store below the folder ROOT, and a new sidecar."
  (declare (indent 1))
  `(let* ((,root (make-temp-file "plugin-vault-emacs" t))
          (plugin-vault-arguments (test-arguments ,root))
          (plugin-vault--sidecar (plugin-vault--new-sidecar))
          (plugin-vault-change-functions nil))
     (unwind-protect (progn ,@body)
       (test-stop-all)
       (should-not (test-running))
       (delete-directory ,root t))))

(defun test-protect (root passphrase)
  "Let only PASSPHRASE open the store below ROOT."
  (test-stop-all)
  (dolist (command '(("add" "passphrase" "--new-passphrase-fd" "0")
                     ("remove" "key-file" "--yes" "--passphrase-fd" "0")))
    (with-temp-buffer
      (insert passphrase "\n")
      (should (equal 0 (apply #'call-process-region nil nil test-program nil t nil
                              "protector" (append command (test-arguments root))))))))

(defun test-until (done &optional what)
  "Wait until DONE returns non-nil, and return that.  WHAT is awaited."
  (let ((deadline (+ (float-time) 30)) value)
    (while (not (setq value (funcall done)))
      (when (> (float-time) deadline) (error "Not within 30 s: %s" (or what "what is awaited")))
      (accept-process-output nil 0.01))
    value))

(defun test-kill (vault)
  "Kill the process of VAULT, and wait until the package has noticed."
  (let ((process (get (get vault 'sidecar) 'process)))
    (signal-process process 'SIGKILL)
    (test-until (lambda () (not (eq process (get (get vault 'sidecar) 'process)))))))

(defun test-stop (vault)
  "Stop the process of VAULT, and wait until all of its threads have stopped."
  (let* ((pid (process-id (get (get vault 'sidecar) 'process)))
         (threads (format "/proc/%d/task" pid)))
    (signal-process pid 'SIGSTOP)
    (test-until (lambda ()
                  (cl-every (lambda (thread)
                              (with-temp-buffer
                                (insert-file-contents-literally (format "%s/%s/stat" threads thread))
                                (search-forward ") T" nil t)))
                            (directory-files threads nil "[0-9]"))))))

(defun test-json (&rest members)
  "Return an object with MEMBERS, names and values."
  (apply #'plugin-vault--table members))

(defun test-word ()
  "Return a word that is nowhere else."
  (format "canary%x%x" (random most-positive-fixnum) (random most-positive-fixnum)))
(random t)

(defun test-child-command (&rest forms)
  "Return the command of another Emacs that evaluates FORMS with the same store."
  `(,test-emacs "-Q" "--batch" "-L" ,test-package
                "--eval" ,(prin1-to-string
                           ;; A new home folder has no natively compiled files, and needs none.
                           `(progn (setq native-comp-deferred-compilation nil native-comp-jit-compilation nil)
                                   (require 'plugin-vault)
                                   (require 'plugin-vault-commands)
                                   (setq plugin-vault-program ,plugin-vault-program
                                         plugin-vault-arguments ',plugin-vault-arguments)
                                   ,@forms))))

(defun test-child (&rest forms)
  "Evaluate FORMS in another Emacs with the same store, and return what it prints."
  (let ((command (apply #'test-child-command forms)))
    (with-temp-buffer
      (let ((status (apply #'call-process (car command) nil '(t nil) nil (cdr command))))
        (unless (equal status 0) (error "The other Emacs ended with %s: %s" status (buffer-string)))
        (buffer-string)))))

(defun test-shell (plugin request)
  "Let the program itself carry out REQUEST with the key of PLUGIN in Emacs.
REQUEST is JSON without its braces.  Return the result."
  (let ((key (gethash "apiKey" (test-program
                                (format "\"method\":\"issueAPIKey\",\"params\":{\"plugin\":%S,\"installation\":\"emacs\"}"
                                        plugin)))))
    (test-program request (format "{\"jsonrpc\":\"2.0\",\"id\":0,\"method\":\"setAPIKey\",\"params\":[\"%s\"]}\n" key))))

(defun test-program (request &optional before)
  "Let the program carry out REQUEST, after the lines BEFORE.  Return the result."
  (with-temp-buffer
    (insert (or before "") (format "{\"jsonrpc\":\"2.0\",\"id\":1,%s}\n" request))
    (apply #'call-process-region nil nil plugin-vault-program t '(t nil) nil plugin-vault-arguments)
    (goto-char (point-min))
    (let (result)
      (while (not (eobp))
        (let ((answer (json-parse-buffer)))
          (when (equal (gethash "id" answer) 1) (setq result (gethash "result" answer)))
          (forward-line)))
      (should result)
      result)))

(defun test-neovim (root lua)
  "Run LUA in the installed Neovim with its binding, on the store below ROOT."
  (let ((process-environment
         (append (list (concat "HOME=" root) (concat "PLUGIN_VAULT_DATA_DIR=" root "/data") (concat "PLUGIN_VAULT_KEY_DIR=" root "/keys"))
                 process-environment))
        (script (make-temp-file "plugin-vault" nil ".lua" (format "local ok, err = pcall(function()\n%s\nend)
if not ok then io.stderr:write(tostring(err)) vim.cmd('cquit 1') end\nvim.cmd('qall!')" lua))))
    (unwind-protect
        (with-temp-buffer
          (let ((status (call-process "nvim" nil t nil "--headless" "-u" "NONE" "-i" "NONE" "-n" "--cmd"
                                      (concat "set runtimepath^=" (expand-file-name "../../neovim" test-folder)) "-S" script)))
            (unless (equal status 0) (error "Neovim ended with %s: %s" status (buffer-string)))))
      (delete-file script))))

(defun test-alive (pid)
  "Return non-nil if the process PID runs."
  (not (member (alist-get 'state (process-attributes pid)) '(nil "Z"))))

(provide 'support)
;;; support.el ends here
