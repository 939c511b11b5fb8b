;;; relay.el --- Tests with a store at the other end of a relay  -*- lexical-binding: t; no-byte-compile: t -*-

;;; Code:

(require 'support)
(require 'plugin-vault-commands)

(defconst relay-plugin "test.relay")

(defmacro with-relay (relay root &rest body)
  "Evaluate BODY with a new RELAY for a plugin, and the folder ROOT of its store.
The plugin has a record already."
  (declare (indent 2))
  `(test-with-store ,root
     (relay-write 1)
     (let ((,relay (test-relay ,root relay-plugin)))
       (unwind-protect (progn ,@body)
         (when (process-live-p ,relay) (test-end-relay ,relay))))))

(defmacro at-the-other-end (relay &rest body)
  "Evaluate BODY with a sidecar that knows the socket of RELAY, and no store."
  (declare (indent 1))
  `(let ((plugin-vault-arguments nil)
         (plugin-vault-relay-socket (process-get ,relay 'socket))
         (plugin-vault--sidecar (plugin-vault--new-sidecar)))
     ,@body))

(defun relay-write (n)
  "Store N under the plugin's key on the machine of the store."
  (plugin-vault-set (plugin-vault-open relay-plugin) "user" `((n . ,n))))

(defun relay-read ()
  "Return what is stored on the machine of the store."
  (gethash "n" (plugin-vault-get (plugin-vault-open relay-plugin) "user")))

(ert-deftest through-a-relay-a-plugin-has-its-data-of-the-users-own-machine ()
  (with-relay relay root
    (at-the-other-end relay
      (let ((vault (plugin-vault-open relay-plugin)))
        (should (equal (gethash "n" (plugin-vault-get vault "user")) 1))
        (plugin-vault-set vault "user" '((n . 2)))
        (should (eq (gethash "relay" (plugin-vault-status)) t))
        (should (string-search "at the other end of a relay" (current-message-of #'plugin-vault-status)))))
    (should (equal (relay-read) 2))
    (at-the-other-end relay
      (let ((process-environment (cons (concat "PLUGIN_VAULT_CONNECT=" plugin-vault-relay-socket) process-environment))
            (plugin-vault-relay-socket nil))
        (plugin-vault-set (plugin-vault-open relay-plugin) "user" '((n . 3)))))
    (should (equal (relay-read) 3))))

(defun current-message-of (function)
  "Return the message that FUNCTION shows."
  (let (shown)
    (cl-letf (((symbol-function 'message) (lambda (&rest words) (setq shown (apply #'format words)))))
      (funcall function))
    shown))

(ert-deftest a-relay-of-another-plugin-and-an-own-key-with-a-relay-are-refused ()
  (with-relay relay root
    (at-the-other-end relay
      (let ((error (should-error (plugin-vault-get (plugin-vault-open "test.other") "user"))))
        (should (equal (plugin-vault-error-kind error) "notPermitted"))
        (should (string-search "the data of test.relay and not of test.other.  Start a relay for test.other" (cadr error))))
      (let ((error (should-error (plugin-vault-get (plugin-vault-open relay-plugin :api-key (make-string 40 ?a)) "user"))))
        (should (equal (plugin-vault-error-kind error) "notPermitted"))
        (should (string-search "A relay has a key of its own" (cadr error)))))))

(ert-deftest when-the-relay-is-gone-a-write-has-an-unknown-outcome-and-a-watch-goes-on-with-the-next ()
  (with-relay relay root
    (let ((local plugin-vault--sidecar) (arguments plugin-vault-arguments) changes outcome next)
      (at-the-other-end relay
        (let ((vault (plugin-vault-open relay-plugin)))
          (add-hook 'plugin-vault-change-functions (lambda (_ change) (push change changes)))
          (plugin-vault-watch vault)
          (let ((carrier (process-id (get (get vault 'sidecar) 'process))))
            (test-stop vault)
            (plugin-vault-set-async vault "user" '((n . 2)) (lambda (error _) (setq outcome (plugin-vault-error-kind error))))
            ;; It waits for its sidecars.
            (test-end-relay relay)
            (signal-process carrier 'SIGCONT))
          (test-until (lambda () outcome))
          (should (equal outcome "outcomeUnknown"))
          ;; More often than a process may end.
          (dotimes (_ 6)
            (let ((error (should-error (plugin-vault-get vault "user"))))
              (should (equal (plugin-vault-error-kind error) "vaultEnded"))
              (should (string-search "It said: " (cadr error)))))
          ;; Changed while nothing was connected.
          (let ((plugin-vault--sidecar local) (plugin-vault-arguments arguments) (plugin-vault-relay-socket nil))
            (relay-write 3))
          (setq next (test-relay root relay-plugin))
          (unwind-protect
              (progn
                (test-until (lambda () changes) "the change")
                (should (equal (gethash "n" (plugin-vault-get vault "user")) 3)))
            (plugin-vault-close vault)
            (test-end-relay next)))))))

(provide 'relay)
;;; relay.el ends here
