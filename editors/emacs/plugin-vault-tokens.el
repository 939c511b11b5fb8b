;;; plugin-vault-tokens.el --- Tokens that change with each use  -*- lexical-binding: t; -*-

;; SPDX-License-Identifier: MIT

;;; Commentary:

;; Access tokens that a server renews in exchange for a refresh token, which
;; it accepts once.  One process at a time asks the server, and no token is
;; lost when processes are killed, laptops sleep or the disk is full.

;;; Code:

(require 'plugin-vault)

(defconst plugin-vault-tokens--lease 60000
  "Milliseconds for which the lease is acquired, and to wait for it.")

(defconst plugin-vault-tokens--pause 0.2
  "Seconds before the next look for the successor of a refused token.")

(defconst plugin-vault-tokens--longest-pause 5
  "Seconds before the next attempt to store tokens, at most.")

;;;###autoload
(cl-defun plugin-vault-tokens (vault name refresh &key fresh-p (reads 300))
  "Return an object for the tokens of VAULT with NAME.
They are a JSON object, stored in the context \"user\".

REFRESH is a function that asks the server.  It gets the stored tokens
and a function DONE, which it calls once, now or later: with nil and the
new tokens; with nil and nil if the server refuses the refresh token; or
with an error.  An error that REFRESH signals counts as well.

FRESH-P is a function that says whether tokens are still valid.  By
default `expiresAt', in milliseconds since 1970, is in the future.

READS is how often to look for the tokens of another process after the
server has refused the ones that are stored."
  (let ((tokens (make-symbol "plugin-vault-tokens")))
    (put tokens 'vault vault)
    (put tokens 'name name)
    (put tokens 'refresh refresh)
    (put tokens 'fresh-p (or fresh-p #'plugin-vault-tokens--fresh-p))
    (put tokens 'reads reads)
    tokens))

(defun plugin-vault-tokens-get (tokens &optional rejected)
  "Return valid tokens of TOKENS, renewed if necessary.
REJECTED are tokens that the service has just refused.  If the user has
to log in, signal `plugin-vault-login-needed'."
  (plugin-vault--wait (get tokens 'vault)
                      (lambda (callback) (plugin-vault-tokens--get tokens rejected callback))
                      (* 2 plugin-vault-tokens--lease)))

(defun plugin-vault-tokens-get-async (tokens callback &optional rejected)
  "Do as `plugin-vault-tokens-get' with TOKENS and REJECTED, and return at once.
CALLBACK gets ERROR and the valid tokens."
  (plugin-vault-tokens--get tokens rejected (plugin-vault--outside callback)))

(defun plugin-vault-tokens-set (tokens new)
  "Store NEW in TOKENS, after the user has logged in."
  (put tokens 'run nil)
  (plugin-vault-set (get tokens 'vault) "user" new :name (get tokens 'name)))

(defun plugin-vault-tokens-clear (tokens)
  "Delete TOKENS, after the user has logged out."
  (put tokens 'run nil)
  (plugin-vault-delete (get tokens 'vault) "user" :name (get tokens 'name)))

(defun plugin-vault-tokens--fresh-p (data)
  "Return non-nil if DATA expires in the future."
  (let ((expires (gethash "expiresAt" data)))
    (and (numberp expires) (> expires (* 1000 (float-time))))))

(defun plugin-vault-tokens--table (value)
  "Return VALUE, an object in any form, as a hash table, or nil."
  (and value (not (eq value :null)) (plugin-vault--parse (plugin-vault--json value))))

(defun plugin-vault-tokens--equal (one other)
  "Return non-nil if ONE and OTHER are the same JSON value."
  (cond ((and (hash-table-p one) (hash-table-p other))
         (and (= (hash-table-count one) (hash-table-count other))
              (seq-every-p (lambda (name)
                             (plugin-vault-tokens--equal (gethash name one) (gethash name other 'none)))
                           (hash-table-keys one))))
        ((and (vectorp one) (vectorp other))
         (and (= (length one) (length other))
              (cl-every #'plugin-vault-tokens--equal one other)))
        (t (equal one other))))

(defun plugin-vault-tokens--same (one other)
  "Return non-nil if ONE and OTHER have the same refresh token, or are equal."
  (let ((first (and one (gethash "refreshToken" one)))
        (second (and other (gethash "refreshToken" other))))
    (if (and first second) (equal first second) (plugin-vault-tokens--equal one other))))

(defun plugin-vault-tokens--get (tokens rejected callback)
  "Call CALLBACK with an error or with valid tokens of TOKENS.
REJECTED are not.  Calls that overlap share one run.  Return nil, since
a run is not cancelled: the new tokens have to be stored."
  (let* ((rejected (plugin-vault-tokens--table rejected))
         (run (get tokens 'run)))
    (if (and run (plugin-vault-tokens--equal (car run) rejected))
        (setcdr run (append (cdr run) (list callback)))
      (setq run (list rejected callback))
      (put tokens 'run run)
      (plugin-vault-tokens--run tokens rejected
                                (lambda (error data)
                                  (when (eq run (get tokens 'run)) (put tokens 'run nil))
                                  (dolist (callback (cdr run)) (funcall callback error data)))))
    nil))

(defun plugin-vault-tokens--login-needed (reason)
  "Return the error that the user has to log in, for REASON."
  (plugin-vault--condition "loginNeeded"
                       (if (equal reason "missing")
                           "No tokens are stored, so nothing was requested.  Log in"
                         "The server refused the stored tokens, and no process has stored others.  Log in again")
                       (plugin-vault--table "kind" "loginNeeded" "retryable" :false "reason" reason)))

(defun plugin-vault-tokens--run (tokens rejected callback)
  "Call CALLBACK with an error or with valid tokens of TOKENS, not with REJECTED."
  (let ((vault (get tokens 'vault))
        (name (get tokens 'name))
        ;; A process that is about to store the successor of a refused token does so soon after the refusal.
        (left 0)
        lease renewal)
    (cl-labels
        ((ask (method leading options then)
           (funcall (plugin-vault--asking vault method leading options nil) then))
         (end (error data)
           (when renewal (cancel-timer renewal))
           (if (not lease)
               (funcall callback error data)
             (ask "releaseLease" `((name . ,name) (lease . ,lease)) nil
                  (lambda (&rest _) (funcall callback error data)))))
         (need-login (reason) (end (plugin-vault-tokens--login-needed reason) nil))
         (look-again ()
           (when renewal (cancel-timer renewal))
           (let ((held lease))
             (setq lease nil renewal nil)
             (if (not held)
                 (look)
               (ask "releaseLease" `((name . ,name) (lease . ,held)) nil (lambda (&rest _) (look))))))
         (read-record (then)
           (ask "getPersistentRecord" '((context . "user")) `(:name ,name)
                (lambda (error record) (if error (end error nil) (funcall then record)))))
         (look () (read-record (lambda (record) (judge record #'acquire))))
         (judge (record otherwise)
           (let ((data (and record (gethash "data" record))))
             (cond ((not data) (need-login "missing"))
                   ((and (not (plugin-vault-tokens--equal data rejected)) (funcall (get tokens 'fresh-p) data))
                    (end nil data))
                   ((not (and (get tokens 'refused) (plugin-vault-tokens--same data (get tokens 'refused))))
                    (funcall otherwise data (gethash "revision" record)))
                   ((> left 0)
                    (setq left (1- left))
                    (run-at-time plugin-vault-tokens--pause nil #'look-again))
                   (t (need-login "refused")))))
         (acquire (&rest _)
           (ask "acquireLease" `((name . ,name) (ttlMs . ,plugin-vault-tokens--lease))
                `(:wait-ms ,plugin-vault-tokens--lease)
                (lambda (error answer)
                  (pcase (and error (plugin-vault-error-kind error))
                    ('nil (setq lease (gethash "lease" answer)
                                renewal (renew))
                          (read-record (lambda (record) (judge record #'refresh))))
                    ((or "leaseHeld" "outcomeUnknown") (look))
                    (_ (end error nil))))))
         (renew ()
           (let ((third (/ plugin-vault-tokens--lease 3000.0)) (token lease))
             (run-at-time third third
                          (lambda () (ask "renewLease" `((name . ,name) (lease . ,token)) nil #'ignore)))))
         (refresh (spent revision)
           (let* (answered
                  (done (lambda (error new)
                          (unless answered
                            (setq answered t)
                            (cond (error (end error nil))
                                  ((setq new (plugin-vault-tokens--table new)) (store spent new revision lease 0))
                                  (t (put tokens 'refused spent)
                                     (setq left (get tokens 'reads))
                                     (look-again)))))))
             (plugin-vault--later (lambda ()
                                    (condition-case error
                                        (funcall (get tokens 'refresh) (copy-hash-table spent) done)
                                      (error (funcall done error nil)))))))
         (store (spent new revision lease tries)
           (ask "setPersistentData" `((context . "user") (data . ,new))
                `(:name ,name :if-revision ,revision :lease ,lease)
                (lambda (error _)
                  (if error (not-stored error spent new lease tries) (end nil new)))))
         (not-stored (error spent new lease tries)
           (cond ((member (plugin-vault-error-kind error) '("leaseLost" "revisionConflict" "outcomeUnknown"))
                  (compare spent new nil tries))
                 ((or (equal (plugin-vault-error-kind error) "storeFailed") (plugin-vault-error-retryable-p error))
                  (run-at-time (min (* 0.05 (1+ tries)) plugin-vault-tokens--longest-pause) nil
                               #'compare spent new lease (1+ tries)))
                 (t (end error nil))))
         (compare (spent new lease tries)
           (ask "getPersistentRecord" '((context . "user")) `(:name ,name)
                (lambda (error record)
                  (let ((data (and record (gethash "data" record))))
                    (cond (error (not-stored error spent new lease tries))
                          ((not data) (need-login "missing"))
                          ((plugin-vault-tokens--same data spent)
                           (store spent new (gethash "revision" record) lease tries))
                          ;; These are newer, or ours, whose answer was lost.
                          (t (end nil data))))))))
      (look))))

(provide 'plugin-vault-tokens)
;;; plugin-vault-tokens.el ends here
