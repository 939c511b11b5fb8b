;;; bench.el --- The package beside what Emacs has for passwords  -*- lexical-binding: t; -*-

;;; Commentary:

;; `run' beside this file starts it.

;;; Code:

(require 'plugin-vault)
(require 'plugin-vault-auth-source)
(require 'secrets)
(require 'cl-lib)

(defconst bench-calls 20 "Calls of each kind in a round.")

(defun bench-median (numbers)
  "Return the median of NUMBERS."
  (nth (/ (length numbers) 2) (sort (copy-sequence numbers) #'<)))

(defun bench-time (function)
  "Return the median time of the calls of FUNCTION, in milliseconds."
  (bench-median (cl-loop for n from 1 to bench-calls collect
                         (let ((start (current-time)))
                           (funcall function n)
                           (* 1000 (float-time (time-since start)))))))

(defun bench-search (source)
  "Search a password in SOURCE of auth-source, without its cache."
  (let ((auth-sources (list source)) (auth-source-do-cache nil))
    (unless (auth-source-pick-first-password :host "mail.example.org" :user "user7")
      (error "No password in %s" source))))

(defun bench-save (source n)
  "Create and save a password in SOURCE of auth-source, the one with number N."
  (let* ((auth-sources (list source)) (auth-source-do-cache nil) (auth-source-save-behavior t)
         (auth-source-creation-defaults '((secret . "0123456789abcdef")))
         (token (car (auth-source-search :host (format "new%d-%d.example.org" n (random 1000000000)) :user "me"
                                         :port "imap" :create t))))
    (funcall (plist-get token :save-function))))

(defun bench-kinds (folder)
  "Return names and functions of what is measured, with files in FOLDER."
  (let ((vault (plugin-vault-open "bench.emacs"))
        (netrc (expand-file-name "authinfo" folder))
        (disk (expand-file-name "appended" folder))
        (value (make-string 160 ?x))
        (inhibit-message t))
    (with-temp-file netrc
      (dotimes (n 100) (insert (format "machine mail.example.org login user%d port imap password pw%d\n" n n))))
    (plugin-vault-auth-source--update
     (lambda (_) (cl-loop for n below 100 collect
                          (plugin-vault--table "host" "mail.example.org" "user" (format "user%d" n)
                                               "port" "imap" "secret" (format "pw%d" n)))))
    (secrets-create-item "login" "bench" "pw" :host "mail.example.org" :user "user7" :port "imap")
    (plugin-vault-set vault "user" `((value . ,value)))
    `(("`plugin-vault-get`" ,(lambda (_) (plugin-vault-get vault "user")))
      ("`plugin-vault-set`, 200 bytes, on the disk" ,(lambda (n) (plugin-vault-set vault "user" `((value . ,value) (n . ,n) (t . ,(random))))))
      ("auth-source, search: plugin-vault, 100 passwords" ,(lambda (_) (bench-search 'plugin-vault)))
      ("auth-source, search: netrc without encryption, 100 passwords" ,(lambda (_) (bench-search netrc)))
      ("auth-source, search: Secret Service, 1 password" ,(lambda (_) (bench-search "secrets:login")))
      ("auth-source, save: plugin-vault, on the disk" ,(lambda (n) (bench-save 'plugin-vault n)))
      ("auth-source, save: netrc without encryption" ,(lambda (n) (bench-save netrc n)))
      ("append of 200 bytes with `fsync`"
       ,(lambda (_) (let ((write-region-inhibit-fsync nil)) (write-region (make-string 200 ?x) nil disk t 'silent)))))))

(defun bench-run (folder rounds file)
  "Measure ROUNDS rounds with files in FOLDER, and write the table into FILE."
  (let ((inhibit-message t) (results (make-hash-table :test #'equal)) (kinds (bench-kinds folder)))
    (dotimes (_ rounds)
      (pcase-dolist (`(,name ,function) kinds)
        (push (bench-time function) (gethash name results))))
    (with-temp-file file
      (insert "# The package inside Emacs\n\nMade by `benches/emacs/run`, which writes this page.\n"
              (format "%s, %s, Emacs %s, %d processors, load average %.1f.\n\n" system-type
                      (car (split-string system-configuration "-")) emacs-version (string-to-number (shell-command-to-string "nproc"))
                      (/ (car (load-average)) 100.0))
              (format "Each of %d rounds has %d calls of each kind, in turn; each call waits for its answer. A figure is the median of the\nrounds' medians, with the least and the greatest round behind it. The cache of auth-source is off.\n\n"
                      rounds bench-calls)
              "| call | milliseconds |\n|---|---:|\n")
      (pcase-dolist (`(,name ,_) kinds)
        (let ((times (gethash name results)))
          (insert (format "| %s | %.3g (%.3g to %.3g) |\n" name (bench-median times) (apply #'min times) (apply #'max times)))))
      (insert "\nWhen a call of plugin-vault has returned, the value is on the disk. Emacs writes a netrc file without `fsync` in\nbatch mode as in an interactive session, and rewrites all of it for each password.\n"))))

(provide 'bench)
;;; bench.el ends here
