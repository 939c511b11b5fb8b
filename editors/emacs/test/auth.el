;;; auth.el --- Tests of the backend of auth-source  -*- lexical-binding: t; no-byte-compile: t -*-

;;; Commentary:

;; What Gnus, smtpmail and others do: search, create and save, delete, with
;; the cache of auth-source.

;;; Code:

(require 'support)
(require 'auth-source)
(require 'plugin-vault-auth-source)

(defmacro with-auth-source (&rest body)
  "Evaluate BODY with a new store as the only source."
  `(test-with-store root
     (let ((auth-sources '(plugin-vault))
           (auth-source-do-cache t)
           (auth-source-save-behavior t)
           (auth-source-creation-defaults nil)
           (auth-source-creation-prompts nil)
           (plugin-vault-auth-source--vault nil)
           (inhibit-message t))
       (auth-source-forget-all-cached)
       ,@body)))

(defun create (&rest spec)
  "Create and save the token of SPEC, whose secret is among the defaults."
  (let* ((auth-source-creation-defaults `((secret . ,(plist-get spec :password))))
         (spec (cl-loop for (key value) on spec by #'cddr unless (eq key :password) append (list key value)))
         (token (car (apply #'auth-source-search :create t :max 1 spec))))
    (funcall (plist-get token :save-function))
    token))

(defun secret (&rest spec)
  "Return the secret of the first token of SPEC."
  (apply #'auth-source-pick-first-password spec))

(ert-deftest a-password-is-found-by-host-user-and-port ()
  (with-auth-source
   (should-not (secret :host "mail" :user "me"))
   (create :host "mail" :user "me" :port "imap" :password "one")
   (create :host "mail" :user "you" :port 993 :password "two")
   (should (equal (secret :host "mail" :user "me") "one"))
   (should (equal (secret :host "mail" :user "you" :port "993") "two"))
   (should (equal (secret :host "mail" :user "you" :port 993) "two"))
   (should (equal (secret :host '("other" "mail") :user "me" :port '("imaps" "imap")) "one"))
   (should-not (secret :host "mail" :user "me" :port "smtp"))
   (should-not (secret :host "mai" :user "me"))
   (should (= (length (auth-source-search :host "mail" :max 5)) 2))
   (should (= (length (auth-source-search :host t :max 1)) 1))
   (should (eq (auth-source-search :host "mail" :max 0) t))
   (should-not (auth-source-search :host "mail" :require '(:account)))
   (let ((token (car (auth-source-search :host "mail" :user "me" :require '(:secret)))))
     (should (equal (plist-get token :port) "imap"))
     (should (functionp (plist-get token :secret)))
     (should (eq (plist-get token :backend) plugin-vault-auth-source-backend)))))

(ert-deftest a-created-token-is-stored-only-when-it-is-saved ()
  (with-auth-source
   (let* ((auth-source-creation-defaults '((secret . "one")))
          (token (car (auth-source-search :host "mail" :user "me" :port "imap" :create t))))
     (should (equal (funcall (plist-get token :secret)) "one"))
     (auth-source-forget-all-cached)
     (should-not (secret :host "mail" :user "me"))
     (let ((auth-source-save-behavior nil)) (funcall (plist-get token :save-function)))
     (should-not (secret :host "mail" :user "me"))
     (let ((auth-source-save-behavior 'ask))
       (cl-letf (((symbol-function 'y-or-n-p) #'ignore)) (funcall (plist-get token :save-function)))
       (should-not (secret :host "mail" :user "me"))
       (cl-letf (((symbol-function 'y-or-n-p) #'always)) (funcall (plist-get token :save-function))))
     (should (equal (secret :host "mail" :user "me") "one"))
     ;; A second one for the same host, user and port replaces the first.
     (auth-source-delete :host "nowhere")
     (let ((auth-source-creation-defaults '((secret . "two"))))
       (funcall (plist-get (car (plugin-vault-auth-source-create :host "mail" :user "me" :port "imap" :create t))
                           :save-function)))
     (should (equal (secret :host "mail" :user "me") "two"))
     (should (= (length (auth-source-search :host t :max 9)) 1)))))

(ert-deftest what-the-search-leaves-open-is-asked ()
  (with-auth-source
   (let ((auth-source-creation-prompts '((secret . "The word for %u at %h:%p: "))) prompts)
     (cl-letf (((symbol-function 'read-string)
                (lambda (prompt _ _ default) (push prompt prompts) (or default "993")))
               ((symbol-function 'read-passwd) (lambda (prompt &rest _) (push prompt prompts) "typed"))
               ((symbol-function 'completing-read)
                (lambda (prompt values &rest _) (push prompt prompts) (cadr values))))
       (let ((token (car (auth-source-search :host '("a" "b") :create '(account) :max 1))))
         (should (equal (plist-get token :host) "b"))
         (should (equal (plist-get token :user) (user-login-name)))
         (should (equal (plist-get token :port) "993"))
         (should (equal (plist-get token :account) "993"))
         (should (equal (funcall (plist-get token :secret)) "typed"))))
     (should (member (format "The word for %s at b:993" (user-login-name)) (mapcar (lambda (p) (string-trim-right p "[: ]+")) prompts))))))

(ert-deftest a-deleted-password-is-gone-and-the-others-stay ()
  (with-auth-source
   (create :host "mail" :user "me" :port "imap" :password "one")
   (create :host "mail" :user "you" :port "imap" :password "two")
   (should (equal (secret :host "mail" :user "me") "one"))
   (should (equal (plist-get (car (auth-source-delete :host "mail" :user "me")) :user) "me"))
   (should-not (secret :host "mail" :user "me"))
   (should (equal (secret :host "mail" :user "you") "two"))))

(ert-deftest the-cache-is-obeyed-and-forgotten-when-another-process-changes-a-password ()
  (with-auth-source
   (create :host "mail" :user "me" :port "imap" :password "one")
   (should (equal (secret :host "mail" :user "me") "one"))
   ;; From the cache, since a process that is stopped answers nothing.
   (test-stop plugin-vault-auth-source--vault)
   (should (equal (secret :host "mail" :user "me") "one"))
   (signal-process (get plugin-vault--sidecar 'process) 'SIGCONT)
   (test-child '(require 'plugin-vault-auth-source)
               '(setq auth-sources '(plugin-vault) auth-source-save-behavior t
                      auth-source-creation-defaults '((secret . "two")))
               '(auth-source-delete :host "mail")
               '(funcall (plist-get (car (auth-source-search :host "mail" :user "me" :port "imap" :create t))
                                    :save-function)))
   (test-until (lambda () (equal (secret :host "mail" :user "me") "two")))
   ;; Without the cache, each search reads.
   (let ((auth-source-do-cache nil))
     (should (equal (secret :host "mail" :user "me") "two")))))

(ert-deftest an-error-of-the-store-is-not-nothing-found ()
  (with-auth-source
   (let ((plugin-vault-program "/nowhere/plugin-vault"))
     (should-error (auth-source-search :host "mail") :type 'plugin-vault-binary-not-found))
   (should-not (auth-source-search :host "mail"))
   (should (get plugin-vault-auth-source--vault 'watch))))

(provide 'auth)
;;; auth.el ends here
