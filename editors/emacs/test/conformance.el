;;; conformance.el --- The cases of ../../conformance  -*- lexical-binding: t; no-byte-compile: t -*-

;;; Commentary:

;; Runs each case as a test, through the public functions.  The README of
;; the cases explains them.

;;; Code:

(require 'support)
(require 'plugin-vault-tokens)
(require 'plugin-vault-commands)

(defconst conformance-cases (expand-file-name "../../conformance/" test-folder))
(defconst conformance-root (make-temp-file "plugin-vault-emacs" t)
  "The folder of the store of all cases, whose names differ.")
(defvar conformance-outcomes nil "Names of cases and their outcomes.")

(defconst conformance-calls
  '(("setPersistentData" plugin-vault-set context data)
    ("getPersistentData" plugin-vault-get context)
    ("getPersistentRecord" plugin-vault-get-record context)
    ("patchPersistentData" plugin-vault-patch context patch)
    ("deletePersistentData" plugin-vault-delete context)
    ("listPersistentData" plugin-vault-list)
    ("movePersistentData" plugin-vault-move from to)
    ("acquireLease" plugin-vault-acquire-lease name ttlMs)
    ("renewLease" plugin-vault-renew-lease name lease)
    ("releaseLease" plugin-vault-release-lease name lease)
    ("shareAPIKey" plugin-vault-share-key)
    ("listAPIKeys" plugin-vault-list-keys)
    ("revokeAPIKey" plugin-vault-revoke-key))
  "Methods, their functions, and the parameters that come first.")

;;; A run: a symbol with the properties variables, windows, begun, folders, plugin, root

(defun conformance-folders (count)
  "Return the URIs of COUNT open folders."
  (mapcar (lambda (n) (format "file:///conformance/folder%%20%d" n)) (number-sequence 1 count)))

(defun conformance-key ()
  "Return a new API key."
  (apply #'concat (cl-loop repeat 40 collect (format "%x" (random 16)))))

(defun conformance-run (each)
  "Run EACH, a case."
  (let* ((run (make-symbol "run"))
         (key (conformance-key))
         (folders (conformance-folders 2)))
    (put run 'case each)
    (put run 'folders (conformance-folders (gethash "folders" each 1)))
    (put run 'plugin (format "conformance.%s" (conformance-key)))
    (put run 'windows (make-hash-table :test #'equal))
    (put run 'begun (make-hash-table :test #'equal))
    (put run 'variables (test-json "folder1" (nth 0 folders) "folder2" (nth 1 folders) "key1" key
                                   "key2" (conformance-key) "KEY1" (upcase key)))
    (unwind-protect
        (cl-loop for step across (gethash "steps" each) for at from 1 do
                 (condition-case error
                     (conformance-step run step)
                   (error (error "Step %d, %s: %s" at (truncate-string-to-width (plugin-vault--json step) 200)
                                 (error-message-string error)))))
      (maphash (lambda (_ window) (ignore-errors (plugin-vault-close (get window 'vault)))) (get run 'windows)))
    (should-not (get run 'failed))
    (should (equal (hash-table-count (get run 'begun)) 0))))

(defun conformance-step (run step)
  "Carry STEP of RUN out."
  (let ((name (gethash "in" step "a")))
    (cl-flet ((given (member) (gethash member step)))
      (cond
       ((given "open")
        (let* ((vault (get (conformance-open run (given "open") (given "as")) 'vault))
               (outcome (conformance-outcome (lambda () (plugin-vault-connect vault)))))
          ;; `plugin-vault-open' itself does nothing, so it also works with a locked store.
          (when (equal (plugin-vault-error-kind (car outcome)) "keyUnavailable") (setq outcome '(nil nil)))
          (when (car outcome)
            (plugin-vault-close vault)
            (remhash (given "open") (get run 'windows)))
          (conformance-settle run step outcome)))
       ((given "close") (plugin-vault-close (get (conformance-window run (given "close")) 'vault)))
       ((given "kill") (test-kill (get (conformance-window run (given "kill")) 'vault)))
       ((given "folders")
        (put (conformance-window run name) 'folders (append (conformance-fill run (given "folders")) nil)))
       ((given "notice")
        (let ((window (conformance-window run name)))
          (test-until (lambda () (get window 'notices)) "a notice")
          (conformance-match run (pop (get window 'notices)) (given "notice") "the notice")))
       ((given "cancel") (plugin-vault-cancel (get (gethash (given "cancel") (get run 'begun)) 'call)))
       ((given "end")
        (let ((begun (gethash (given "end") (get run 'begun))))
          (remhash (given "end") (get run 'begun))
          (conformance-settle run step (test-until (lambda () (get begun 'outcome)) "an answer"))))
       ((string-prefix-p "tokens." (given "call")) (conformance-tokens run step (conformance-window run name)))
       (t (conformance-call run step (conformance-window run name)))))))

(defun conformance-window (run name)
  "Return the window NAME of RUN."
  (or (gethash name (get run 'windows)) (conformance-open run name nil)))

(defun conformance-open (run name as)
  "Open the window NAME of RUN AS another plugin, another installation, or with a key."
  (let* ((window (make-symbol "window"))
         (plugin (get run 'plugin))
         (plugin-vault--sidecar (plugin-vault--new-sidecar))
         (vault (if (hash-table-p as)
                    (plugin-vault-open plugin
                                       :api-key (conformance-fill run (gethash "apiKey" as))
                                       :must-exist (eq (gethash "mustExist" as) t))
                  (plugin-vault-open (if (equal as "another plugin") (concat plugin ".another") plugin)
                                     :installation (if (equal as "another installation") "another" "conformance")))))
    (when-let ((passphrase (gethash "passphrase" (get run 'case)))
               (inhibit-message t))
      ;; Where processes share no keyring, each has to be unlocked.
      (unless (eq (gethash "locked" (plugin-vault-status)) t)
        (plugin-vault-unlock passphrase)))
    (put window 'vault vault)
    (put window 'folders (get run 'folders))
    (puthash name window (get run 'windows))
    (add-hook 'plugin-vault-change-functions
              (lambda (changed change)
                (when (eq changed vault)
                  (put window 'notices (append (get window 'notices) (list change))))))
    window))

(defun conformance-outcome (function)
  "Return the error or the result of FUNCTION as a list."
  (condition-case error (list nil (funcall function))
    (plugin-vault-error (list error nil))))

(defun conformance-call (run step window)
  "Make the call of STEP of RUN in WINDOW."
  (let* ((plugin-vault-workspace-function (lambda () (get window 'folders)))
         (method (gethash "call" step))
         (params (conformance-fill run (gethash "with" step (test-json))))
         (vault (get window 'vault)))
    (if (not (gethash "begin" step))
        (conformance-settle run step
                            (conformance-outcome (lambda () (conformance-invoke run step window method params))))
      (pcase-let ((`(,function ,arguments ,options) (conformance-arguments method params))
                  (begun (make-symbol "begun")))
        (put begun 'call (apply (intern (format "%s-async" function)) vault
                                (append arguments
                                        (list (lambda (error result) (put begun 'outcome (list error result))))
                                        options)))
        (when (gethash "spoil" step)
          (let ((data (gethash "data" params)))
            (dolist (name (hash-table-keys data)) (puthash name "spoilt" data))))
        (puthash (gethash "begin" step) begun (get run 'begun))))))

;; The tier `tokens': one object for each window and name, whose property `expected' has the expected refreshes.

(defun conformance-tokens-of (run window name)
  "Return the tokens object of RUN in WINDOW with NAME."
  (or (alist-get name (get window 'tokens) nil nil #'equal)
      (let* ((fresh (gethash "fresh" (get run 'case)))
             tokens
             (refresh (lambda (spent done) (conformance-refresh run tokens spent done))))
        (setq tokens (plugin-vault-tokens
                      (get window 'vault) name refresh :reads 3
                      :fresh-p (and fresh (lambda (data) (seq-contains-p fresh (gethash "accessToken" data))))))
        (put window 'tokens (cons (cons name tokens) (get window 'tokens)))
        tokens)))

(defun conformance-refresh (run tokens spent done)
  "Refresh SPENT of TOKENS as the step of RUN expects it, and call DONE."
  (let ((expected (pop (get tokens 'expected))))
    (condition-case error
        (progn
          (unless expected (error "An unexpected refresh"))
          (conformance-match run spent (gethash "gets" expected) "the refresh")
          (seq-doseq (step (gethash "during" expected [])) (conformance-step run step)))
      (error (put run 'failed error)))
    (if (gethash "fails" (or expected (test-json)))
        (error "%s" (gethash "fails" expected))
      (let ((gives (conformance-fill run (gethash "gives" (or expected (test-json)) :null))))
        (funcall done nil (unless (eq gives :null) gives))))))

(defun conformance-tokens (run step window)
  "Make the call `tokens.get', `.set' or `.clear' of STEP of RUN in WINDOW."
  (let* ((params (conformance-fill run (gethash "with" step (test-json))))
         (tokens (conformance-tokens-of run window (gethash "name" params "oauth")))
         (refresh (gethash "refresh" step)))
    (when refresh (put tokens 'expected (append (get tokens 'expected) refresh nil)))
    (if (gethash "begin" step)
        (let ((begun (make-symbol "begun")))
          (plugin-vault-tokens-get-async tokens (lambda (error result) (put begun 'outcome (list error result)))
                                         (gethash "rejected" params))
          (puthash (gethash "begin" step) begun (get run 'begun)))
      (let ((outcome (condition-case error
                         (list nil (pcase (gethash "call" step)
                                     ("tokens.get" (plugin-vault-tokens-get tokens (gethash "rejected" params)))
                                     ("tokens.set" (plugin-vault-tokens-set tokens (gethash "tokens" params)))
                                     ("tokens.clear" (plugin-vault-tokens-clear tokens))))
                       (error (list error nil)))))
        (should-not (get run 'failed))
        (when refresh (should-not (get tokens 'expected)))
        (if (not (gethash "throws" step))
            (conformance-settle run step outcome)
          (should-not (plugin-vault-error-kind (car outcome)))
          (should (string-search (gethash "throws" step) (error-message-string (car outcome)))))))))

(defun conformance-arguments (method params)
  "Return the function of METHOD, and its arguments and options from PARAMS."
  (pcase-let* ((`(,function . ,leading) (or (alist-get method conformance-calls nil nil #'equal)
                                            (error "No function for %s" method)))
               (names (mapcar #'symbol-name leading)))
    (list function
          (mapcar (lambda (name) (gethash name params)) names)
          (cl-loop for name in (seq-difference (hash-table-keys params) names)
                   append (list (intern (format ":%s" (plugin-vault--symbol (intern name)))) (gethash name params))))))

(defun conformance-invoke (_run _step window method params)
  "Call METHOD with PARAMS in WINDOW, and return its answer as the reference has it."
  (let ((vault (get window 'vault)))
    (pcase method
      ((pred (string-prefix-p "vault/"))
       (let ((plugin-vault--sidecar (get vault 'sidecar)) (inhibit-message t))
         (pcase method
           ("vault/status" (plugin-vault-status))
           ("vault/lock" (plugin-vault-lock))
           ("vault/unlock" (plugin-vault-unlock (gethash "passphrase" params))))))
      ("watchPersistentData"
       (test-json "watching" t "revision" (plugin-vault-watch vault (gethash "since" params))))
      ("unwatchPersistentData" (test-json "watching" :false "revision" (plugin-vault-unwatch vault)))
      ("rotateAPIKey" (plugin-vault-rotate-key vault (gethash "apiKey" params)))
      (_ (pcase-let* ((`(,function ,arguments ,options) (conformance-arguments method params))
                      (answer (apply function vault (append arguments options))))
           (if (memq function '(plugin-vault-set plugin-vault-patch)) (test-json "revision" answer) answer))))))

(defun conformance-settle (run step outcome)
  "Compare OUTCOME, an error and an answer, with what STEP of RUN expects."
  (pcase-let* ((`(,error ,answer) outcome)
               (expected (gethash "error" step)))
    (cond
     ((and error (not expected)) (signal (car error) (cdr error)))
     (error
      (let* ((details (or (plugin-vault-error-data error) (test-json)))
             (expected (if (stringp expected) (test-json "kind" expected) (copy-hash-table expected)))
             (data (copy-hash-table (gethash "data" expected (test-json)))))
        (puthash "$more" t data)
        (puthash "$more" t expected)
        (puthash "data" data expected)
        (conformance-match
         run
         (test-json "kind" (plugin-vault-error-kind error)
                    "retryable" (gethash "retryable" details :false)
                    "data" details)
         expected "the error")))
     (expected (error "An error was expected, and the answer was %s" (conformance-shown answer)))
     ((eq (gethash "unordered" step) t) (conformance-match-unordered run answer (gethash "answer" step)))
     ((not (eq (gethash "answer" step 'none) 'none))
      (conformance-match run answer (gethash "answer" step) "the answer")))
    (when (gethash "save" step)
      (maphash (lambda (member variable)
                 (puthash variable (gethash member answer) (get run 'variables)))
               (gethash "save" step)))))

(defun conformance-fill (run value)
  "Replace variables of RUN and long texts in VALUE."
  (cond ((stringp value)
         (if (string-match "\\`\\${\\(.+\\)}\\'" value)
             (or (gethash (match-string 1 value) (get run 'variables)) (error "Nothing was saved as %s" value))
           value))
        ((vectorp value) (vconcat (mapcar (lambda (each) (conformance-fill run each)) value)))
        ((not (hash-table-p value)) value)
        ((gethash "$repeat" value)
         (let ((repeat (gethash "$repeat" value)))
           (apply #'concat (make-list (aref repeat 1) (aref repeat 0)))))
        (t (let ((filled (test-json)))
             (maphash (lambda (name each) (puthash name (conformance-fill run each) filled)) value)
             filled))))

(defun conformance-shown (value)
  "Return the beginning of VALUE as text."
  (truncate-string-to-width (prin1-to-string value) 200))

(defconst conformance-any
  `(("number" . ,(lambda (value) (and (integerp value) (>= value 0))))
    ("revision" . ,(lambda (value) (and (integerp value) (>= value 1))))
    ("text" . ,(lambda (value) (and (stringp value) (not (string-empty-p value)))))
    ("time" . ,(lambda (value)
                 (and (stringp value)
                      (string-match-p
                       "\\`[0-9]\\{4\\}-[0-9][0-9]-[0-9][0-9]T[0-9][0-9]:[0-9][0-9]:[0-9][0-9]\\.[0-9]\\{3\\}Z\\'"
                       value))))
    ("key" . ,(lambda (value)
                (let ((case-fold-search nil))
                  (and (stringp value) (string-match-p "\\`[0-9a-f]\\{40\\}\\'" value))))))
  "What `$any' matches.")

(defun conformance-match (run actual expected where)
  "Fail unless ACTUAL is EXPECTED in RUN.  WHERE names it."
  (cl-flet ((check (fits) (unless fits (error "%s: %s is not %s" where (conformance-shown actual)
                                              (conformance-shown expected)))))
    (cond
     ((vectorp expected)
      (check (and (vectorp actual) (= (length actual) (length expected))))
      (seq-mapn (lambda (a e) (conformance-match run a e where)) actual expected))
     ((or (not (hash-table-p expected)) (gethash "$repeat" expected))
      ;; Nil is what this package returns for null.  Nothing else is nil: `{}' is a hash table.
      (check (equal actual (if (and (eq expected :null) (not (eq actual :null))) nil (conformance-fill run expected)))))
     ((gethash "$any" expected)
      (check (funcall (alist-get (gethash "$any" expected) conformance-any nil nil #'equal) actual)))
     ((gethash "$above" expected)
      (check (and (integerp actual) (> actual (gethash (gethash "$above" expected) (get run 'variables))))))
     (t
      (check (hash-table-p actual))
      (let ((names (remove "$more" (hash-table-keys expected))))
        (unless (gethash "$more" expected)
          (check (null (seq-difference (hash-table-keys actual) names))))
        (dolist (name names)
          (check (not (eq (gethash name actual 'none) 'none)))
          (conformance-match run (gethash name actual) (gethash name expected) (format "%s, %s" where name))))))))

(defun conformance-match-unordered (run actual expected)
  "Fail unless ACTUAL has the elements of EXPECTED in any order, in RUN."
  (let ((left (append actual nil)))
    (should (= (length left) (length expected)))
    (seq-doseq (each expected)
      (let ((found (seq-find (lambda (candidate)
                               (condition-case nil (progn (conformance-match run candidate each "") t) (error nil)))
                             left)))
        (should found)
        (setq left (remq found left))))))

;;; The tests

(defun conformance-read (file)
  "Return the cases in FILE.  `json-parse-buffer' of Emacs 28 does not read the NUL in one of them."
  (with-temp-buffer
    (set-buffer-multibyte nil)
    (insert-file-contents-literally file)
    (plugin-vault--parse (buffer-string))))

(defun conformance-define (tier each)
  "Define the test of EACH, a case of TIER."
  (let* ((title (format "%s: %s" tier (gethash "name" each)))
         (name (intern title)))
    (ert-set-test
     name
     (make-ert-test
      :name name
      :body (lambda ()
              (setf (alist-get title conformance-outcomes nil nil #'equal) "failed")
              (with-timeout (60 (error "The case took 60 s"))
                (if (gethash "passphrase" each)
                    (test-with-store root
                      (plugin-vault-connect (plugin-vault-open "conformance.first"))
                      (test-protect root (gethash "passphrase" each))
                      (conformance-run each))
                  (let ((plugin-vault-arguments (test-arguments conformance-root))
                        (plugin-vault-change-functions nil))
                    (unwind-protect (conformance-run each)
                      (should-not (test-running))))))
              (setf (alist-get title conformance-outcomes nil nil #'equal) "passed"))))))

(dolist (file (directory-files conformance-cases t "\\.json\\'"))
  (seq-doseq (each (conformance-read file))
    (conformance-define (file-name-base file) each)))

(defun conformance-keep-outcomes ()
  "Write the outcomes for the table of bindings and cases."
  (when-let ((folder (getenv "CONFORMANCE_OUTCOMES")))
    (make-directory folder t)
    (let ((outcomes (test-json)) (coding-system-for-write 'utf-8-unix))
      (pcase-dolist (`(,title . ,outcome) conformance-outcomes) (puthash title outcome outcomes))
      (with-temp-file (expand-file-name "editors-emacs.json" folder)
        (insert (json-serialize (test-json "name" "editors/emacs" "outcomes" outcomes)))))))

(defun conformance-end ()
  "Keep the outcomes, and delete the store."
  (conformance-keep-outcomes)
  (delete-directory conformance-root t))

(add-hook 'kill-emacs-hook #'conformance-end)

;;; The runner itself: a wrong answer must not pass

(ert-deftest a-wrong-answer-fails ()
  (let ((run (make-symbol "run")))
    (put run 'variables (test-json "first" 4))
    (pcase-dolist (`(,expected ,answer ,passes)
                   '(("{\"n\":[1,null]}" "{\"n\":[1,null]}" t)
                     ("{\"n\":1}" "{\"n\":2}" nil)
                     ("{\"n\":1}" "{\"n\":\"1\"}" nil)
                     ("{\"n\":1}" "{\"n\":1.0}" nil)
                     ("{\"n\":1}" "{\"n\":1,\"m\":1}" nil)
                     ("{\"n\":1,\"$more\":true}" "{\"n\":1,\"m\":1}" t)
                     ("{\"n\":1}" "{}" nil)
                     ("{}" "null" nil)
                     ("null" "{}" nil)
                     ("null" "false" nil)
                     ("false" "null" nil)
                     ("{}" "[]" nil)
                     ("[1,2]" "[1]" nil)
                     ("{\"$any\":\"revision\"}" "7" t)
                     ("{\"$any\":\"revision\"}" "0" nil)
                     ("{\"$any\":\"time\"}" "\"2001-02-03T04:05:06.000Z\"" t)
                     ("{\"$any\":\"time\"}" "\"2001-02-03\"" nil)
                     ("{\"$above\":\"first\"}" "4" nil)
                     ("\"${first}\"" "4" t)))
      (let ((step (test-json "answer" (json-parse-string expected)))
            (answer (json-parse-string answer)))
        (if passes
            (conformance-settle run step (list nil answer))
          (should-error (conformance-settle run step (list nil answer))))))
    (let ((error (plugin-vault--condition "storeFull" "")))
      (should-error (conformance-settle run (test-json) (list error nil)))
      (should-error (conformance-settle run (test-json "error" "storeBusy") (list error nil)))
      (should-error (conformance-settle run (test-json "error" "storeFull") (list nil t)))
      (conformance-settle run (test-json "error" "storeFull") (list error nil)))))

(provide 'conformance)
;;; conformance.el ends here
