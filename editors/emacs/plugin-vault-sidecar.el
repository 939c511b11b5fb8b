;;; plugin-vault-sidecar.el --- The process of plugin-vault  -*- lexical-binding: t; -*-

;; SPDX-License-Identifier: MIT

;;; Commentary:

;; Finds the program, starts it when a call needs it, exchanges messages
;; with it, and ends it.  `plugin-vault.el' is built on this file.
;;
;; A sidecar, like a vault, is an uninterned symbol with properties.  No
;; printer shows the properties of a symbol, so that no key and no data of
;; a call appears in a backtrace, in *Messages* or in *scratch*.
;;
;; This file does not use `jsonrpc', which reads `{}' and `null' both as
;; nil.  Here a JSON object is a hash table, an array is a vector, and the
;; other values are t, `:false' and `:null', as in `json-parse-string'.
;;
;; A callback gets ERROR and RESULT.  ERROR is nil or an error as
;; `condition-case' binds it.

;;; Code:

(require 'cl-lib)
(require 'json)
(require 'subr-x)

(defgroup plugin-vault nil
  "Private storage for packages."
  :group 'data
  :prefix "plugin-vault-")

(defcustom plugin-vault-program nil
  "Absolute file name of the program plugin-vault.
If nil, it is the value of the environment variable PLUGIN_VAULT_BIN,
else the copy in the folder bin beside this package, else the one in
variable `exec-path'."
  :type '(choice (const :tag "Find it" nil) file)
  :risky t)

(defcustom plugin-vault-arguments nil
  "Further arguments of the program, for example \"--data-dir\" and a folder."
  :type '(repeat string)
  :risky t)

(defcustom plugin-vault-relay-socket nil
  "File name of the socket of `plugin-vault relay'.
It is for a store on another machine or outside of the container.  A
relay gives the data of one plugin.  If nil, it is the value of the
environment variable PLUGIN_VAULT_CONNECT, and if that is not set, the
store is on this machine."
  :type '(choice (const :tag "As the environment says" nil) file)
  :risky t)

(defcustom plugin-vault-timeout 10
  "Seconds that a call without a callback waits for the answer."
  :type 'number)

(defconst plugin-vault--protocol 1
  "The version of the protocol that this package speaks.")

(defconst plugin-vault--handshake 10
  "Seconds for the answer to `initialize'.")

(defconst plugin-vault--farewell 2
  "Seconds that a regular end may take before the process is killed.")

(defconst plugin-vault--folder
  (file-name-directory (or load-file-name buffer-file-name default-directory)))

;;; Errors

(define-error 'plugin-vault-error "plugin-vault")

(defun plugin-vault--condition (kind message &optional data)
  "Return the error of KIND with MESSAGE and with DATA of the answer.
For the kind `storeFull' the condition is `plugin-vault-store-full'."
  (let ((case-fold-search nil)
        (symbol (make-symbol kind)))
    (put symbol 'data data)
    (let ((condition (intern (concat "plugin-vault-"
                                     (downcase (replace-regexp-in-string "[A-Z]+" "-\\&" kind t))))))
      ;; A later version of the program may have kinds that this file does not know.
      (funcall #'define-error condition "plugin-vault" 'plugin-vault-error)
      (list condition message symbol))))

(defun plugin-vault-error-kind (error)
  "Return the kind of ERROR as a string, or nil if it is not one of plugin-vault."
  (and error
       (memq 'plugin-vault-error (get (car error) 'error-conditions))
       (symbol-name (nth 2 error))))

(defun plugin-vault-error-data (error)
  "Return the details of ERROR, a hash table, or nil."
  (and (plugin-vault-error-kind error) (get (nth 2 error) 'data)))

(defun plugin-vault-error-retryable-p (error)
  "Return non-nil if ERROR may pass without another change."
  (let ((data (plugin-vault-error-data error)))
    (and data (eq (gethash "retryable" data) t))))

(defun plugin-vault--unknown ()
  "Return the error of a call whose outcome is unknown."
  (plugin-vault--condition
   "outcomeUnknown"
   "plugin-vault ended before it answered.  The call may have been carried out.  Read before you write again"))

;;; The program

(defun plugin-vault--program ()
  "Return the file name of the program, or signal `binaryNotFound'."
  (let ((name (if (eq system-type 'windows-nt) "plugin-vault.exe" "plugin-vault"))
        (named (or plugin-vault-program (getenv "PLUGIN_VAULT_BIN"))))
    (if (not (member named '(nil "")))
        (plugin-vault--named-program
         named (if plugin-vault-program "`plugin-vault-program'" "PLUGIN_VAULT_BIN"))
      (or (seq-find #'plugin-vault--program-p
                    (mapcar (lambda (folder) (expand-file-name name folder))
                            (cons (expand-file-name "bin" plugin-vault--folder)
                                  ;; Others depend on the current folder, which may be hostile.
                                  (seq-filter (lambda (folder)
                                                (and folder (file-name-absolute-p folder)))
                                              exec-path))))
          (plugin-vault--signal-no-program
           "plugin-vault is not installed.  Put it into a folder of variable `exec-path', or name it in `plugin-vault-program'")))))

(defun plugin-vault--named-program (named by)
  "Return the program NAMED in a setting, BY which it is named."
  (cond ((not (file-name-absolute-p named))
         (plugin-vault--signal-no-program
          (format "%s names %s, which depends on the current folder.  Use an absolute file name" by named)))
        ((plugin-vault--program-p named) (expand-file-name named))
        (t (plugin-vault--signal-no-program
            (format "%s names %s, which is not a program.  Correct it or clear it" by named)))))

(defun plugin-vault--program-p (file)
  "Return non-nil if FILE is a local program."
  (and (not (file-remote-p file)) (file-regular-p file) (file-executable-p file)))

(defun plugin-vault--foreign (program)
  "Return the error of PROGRAM if the system can't execute it, or nil.
That is an ELF file for another processor than that of Emacs, or one
whose loader is missing.  Call this after a start that failed, since
some systems do execute programs for other processors.  A C library may
hand such a file to the shell, so neither its exit code nor its last
words say it."
  (let ((file (plugin-vault--head program))
        (own (plugin-vault--head (expand-file-name invocation-name invocation-directory))))
    (when (and (plugin-vault--machine file)
               (or (not (equal (or (plugin-vault--machine own) (plugin-vault--machine file))
                               (plugin-vault--machine file)))
                   (and (string-match "/[!-~]*\\.so[!-~]*" file)
                        (not (file-exists-p (match-string 0 file))))))
      (plugin-vault--condition
       "vaultEnded"
       (format "%s could not be started: it is built for another C library or processor" program)))))

(defun plugin-vault--head (file)
  "Return the first bytes of FILE, or none if it can't be read."
  (with-temp-buffer
    (set-buffer-multibyte nil)
    (ignore-errors (insert-file-contents-literally file nil 0 4096))
    (buffer-string)))

(defun plugin-vault--machine (head)
  "Return the processor that HEAD of an ELF file names, or nil.
That is the size of a word, the order of bytes, the architecture."
  (and (string-prefix-p "\177ELF" head)
       (<= 20 (length head))
       (concat (substring head 4 6) (substring head 18 20))))

(defun plugin-vault--signal-no-program (message)
  "Signal that there is no program, with MESSAGE."
  (let ((error (plugin-vault--condition "binaryNotFound" message)))
    (signal (car error) (cdr error))))

;;; JSON

(defun plugin-vault--serialize (value)
  "Return VALUE as JSON text."
  (condition-case error
      (json-serialize value)
    (wrong-type-argument
     ;; Emacs 28 and 29 write no member name with a NUL in this way.
     (unless (eq (cadr error) 'string-without-embedded-nulls-p) (signal (car error) (cdr error)))
     (let ((json-null :null)
           (json-false :false))
       (json-encode value)))))

(defun plugin-vault--json (value)
  "Return VALUE as JSON, in UTF-8.  No part of VALUE is in an error."
  (condition-case nil
      (encode-coding-string (plugin-vault--serialize value) 'utf-8-unix)
    (error
     (let ((error (plugin-vault--condition
                   "invalidParams"
                   "A value can't be written as JSON, so nothing was sent.  See `json-serialize' for those that can")))
       (signal (car error) (cdr error))))))

(defun plugin-vault--parse (json)
  "Return the value of JSON, bytes in UTF-8."
  (let ((text (decode-coding-string json 'utf-8-unix)))
    (condition-case nil
        (json-parse-string text)
      ;; Emacs 28 and 29 read no whole number over 64 bits in this way, and no member name with a NUL.
      (error
       (let ((json-object-type 'hash-table)
             (json-array-type 'vector)
             (json-key-type 'string)
             (json-null :null)
             (json-false :false))
         (json-read-from-string text))))))

;;; Messages

(defun plugin-vault--send (sidecar message)
  "Send MESSAGE, a JSON text, to SIDECAR, within `plugin-vault-timeout'."
  (when-let ((process (get sidecar 'process)))
    (let (sent)
      (unwind-protect
          (with-timeout (plugin-vault-timeout)
            (process-send-string process (format "Content-Length: %d\r\n\r\n%s" (length message) message))
            (setq sent t))
        ;; The process has ended, or has a part of a message.  Its end is reported to all calls.  A process that had ended
        ;; already gets no sentinel call.  Not here: this may be the filter, in the buffer of the process.
        (unless sent
          (delete-process process)
          (run-at-time 0 nil #'plugin-vault--ended process nil))))))

(defun plugin-vault--notify (sidecar method json)
  "Send SIDECAR the notification METHOD with JSON, the parameters."
  (ignore-errors
    (plugin-vault--send sidecar (format "{\"jsonrpc\":\"2.0\",\"method\":\"%s\",\"params\":%s}" method json))))

(defun plugin-vault--request (sidecar method json callback)
  "Send SIDECAR a request of METHOD with JSON, the parameters, and return its id.
Call CALLBACK with the answer, in the process filter."
  (let ((id (1+ (or (get sidecar 'id) 0))))
    (put sidecar 'id id)
    (if (not (get sidecar 'process))
        (funcall callback (plugin-vault--unknown) nil)
      (puthash id callback (get sidecar 'pending))
      (ignore-errors
        (plugin-vault--send sidecar (format "{\"jsonrpc\":\"2.0\",\"id\":%d,\"method\":\"%s\",\"params\":%s}"
                                            id method json))))
    id))

(defun plugin-vault--filter (process bytes)
  "Take BYTES that PROCESS has written, and receive each complete message."
  (with-current-buffer (process-buffer process)
    (goto-char (point-max))
    (insert bytes)
    (let (body)
      (while (setq body (plugin-vault--take-body process))
        (plugin-vault--receive (process-get process 'plugin-vault-sidecar) (plugin-vault--parse body))))))

(defun plugin-vault--take-body (process)
  "Take the first complete message of PROCESS out of the current buffer."
  (goto-char (point-min))
  (if (not (looking-at "Content-Length: \\([0-9]+\\)\r\n\r\n"))
      ;; Something else than plugin-vault writes something else.
      (when (> (buffer-size) 64) (delete-process process) nil)
    (let* ((start (match-end 0))
           (end (+ start (string-to-number (match-string 1)))))
      (when (<= end (point-max))
        (prog1 (buffer-substring start end)
          (delete-region (point-min) end))))))

(defun plugin-vault--receive (sidecar message)
  "Pass MESSAGE of SIDECAR on to the call that waits for it, or to its vaults."
  (let* ((id (gethash "id" message))
         (callback (gethash id (get sidecar 'pending)))
         (error (gethash "error" message))
         (result (gethash "result" message)))
    (cond (callback
           (remhash id (get sidecar 'pending))
           (if error
               (funcall callback (plugin-vault--answered error) nil)
             (funcall callback nil (unless (eq result :null) result))))
          ((equal (gethash "method" message) "persistentData/didChange")
           (run-hook-with-args 'plugin-vault--notice-functions sidecar (gethash "params" message))))))

(defvar plugin-vault--notice-functions nil
  "Functions that get each sidecar and its change notice.")

(defun plugin-vault--answered (error)
  "Return ERROR of an answer as an error of Emacs."
  (let ((data (gethash "data" error)))
    (plugin-vault--condition
     (or (and (hash-table-p data) (gethash "kind" data)) "internalError")
     ;; The way in which a user of Emacs calls that method.
     (string-replace "`vault/unlock`" "M-x plugin-vault-unlock" (gethash "message" error))
     data)))

;;; Its life

(defun plugin-vault--new-sidecar ()
  "Return a sidecar whose process is started when a call needs it."
  (make-symbol "plugin-vault-sidecar"))

(defun plugin-vault--join (object callback start)
  "Call CALLBACK when OBJECT is ready, after the ones that wait already.
Call START with OBJECT if nothing makes it ready yet."
  (put object 'waiting (append (get object 'waiting) (list callback)))
  (put object 'start start)
  (unless (get object 'starting)
    (put object 'starting t)
    (funcall start object)))

(defun plugin-vault--settle (object error process)
  "Call what waits for OBJECT with ERROR, or with nil if it is ready with PROCESS."
  ;; Calls that are made meanwhile come after those that wait.
  (while (and (get object 'waiting) (or error (process-live-p process)))
    (funcall (pop (get object 'waiting)) error))
  (put object 'starting nil)
  (put object 'ready (and (not error) (process-live-p process) process))
  ;; The process has ended meanwhile.
  (when (get object 'waiting)
    (put object 'starting t)
    (funcall (get object 'start) object)))

(defun plugin-vault--running (sidecar callback)
  "Call CALLBACK with nil once SIDECAR is running, or with an error."
  (if (get sidecar 'ready)
      (funcall callback nil)
    (plugin-vault--join sidecar callback #'plugin-vault--start)))

(defun plugin-vault--start (sidecar)
  "Start the process of SIDECAR, and check that it is plugin-vault."
  (condition-case error
      (let* ((process (plugin-vault--spawn sidecar (plugin-vault--program)))
             (late (run-at-time plugin-vault--handshake nil #'delete-process process)))
        (plugin-vault--request
         sidecar "initialize"
         (plugin-vault--json `((processId . ,(emacs-pid))
                               (clientInfo . ((name . "Emacs") (version . ,emacs-version)))
                               (rootUri . :null)
                               (capabilities . nil)
                               (workspaceFolders . [])))
         (lambda (error answer)
           (cancel-timer late)
           (if-let ((error (if error
                               (plugin-vault--not-started process)
                             (plugin-vault--unsuitable answer))))
               (progn (delete-process process)
                      (plugin-vault--settle sidecar error nil))
             (process-put process 'greeted t)
             (put sidecar 'relay-handle (plugin-vault--offered answer "relay" "handle"))
             (plugin-vault--notify sidecar "initialized" "{}")
             (plugin-vault--settle sidecar nil process)))))
    (plugin-vault-error (plugin-vault--settle sidecar error nil))
    (error (plugin-vault--settle
            sidecar
            (plugin-vault--condition "vaultEnded" (format "plugin-vault could not be started: %s"
                                                      (error-message-string error)))
            nil))))

(defun plugin-vault--spawn (sidecar program)
  "Start PROGRAM as the process of SIDECAR."
  (let ((since (- (float-time) 60)))
    (when (<= 5 (cl-count-if (lambda (end) (> end since)) (get sidecar 'ends)))
      (let ((error (plugin-vault--condition
                    "vaultEnded"
                    "plugin-vault ended 5 times within a minute.  It is started again when the minute is over")))
        (signal (car error) (cdr error)))))
  (let* ((home (expand-file-name "~/"))
         (default-directory (if (file-directory-p home) home "/"))
         (process-adaptive-read-buffering nil)
         (buffer (generate-new-buffer " *plugin-vault*" t))
         (errors (make-pipe-process :name "plugin-vault stderr" :noquery t
                                    :filter #'plugin-vault--keep-line :sentinel #'ignore))
         (process (condition-case error
                      (make-process :name "plugin-vault" :buffer buffer :noquery t
                                    :command (plugin-vault--command program)
                                    :connection-type 'pipe :coding 'binary :stderr errors
                                    :filter #'plugin-vault--filter :sentinel #'plugin-vault--ended)
                    (error (kill-buffer buffer)
                           (delete-process errors)
                           (let ((error (or (plugin-vault--foreign program) error)))
                             (signal (car error) (cdr error)))))))
    (with-current-buffer buffer (set-buffer-multibyte nil))
    (process-put process 'plugin-vault-sidecar sidecar)
    (process-put process 'stderr errors)
    (put sidecar 'process process)
    (put sidecar 'pending (make-hash-table))
    process))

(defun plugin-vault--command (program)
  "Return the command for PROGRAM as a sidecar."
  `(,program "--stdio"
             ,@(and plugin-vault-relay-socket (list "--connect" (expand-file-name plugin-vault-relay-socket)))
             ,@plugin-vault-arguments))

(defun plugin-vault--keep-line (errors text)
  "Keep the last lines of TEXT, which the process wrote to its stderr, ERRORS."
  (let ((all (concat (process-get errors 'text) text)))
    (process-put errors 'text (substring all (max 0 (- (length all) 4096))))))

(defun plugin-vault--not-started (process)
  "Return the error of PROCESS that has ended before its first answer."
  (let* ((errors (process-get process 'stderr))
         (said (progn (accept-process-output errors 0)
                      (car (last (split-string (or (process-get errors 'text) "") "\n" t))))))
    (or (plugin-vault--foreign (car (process-command process)))
        (plugin-vault--condition
         "vaultEnded"
         (format "%s could not be started as plugin-vault.%s"
                 (car (process-command process))
                 (if said (concat "  It said: " said) ""))))))

(defun plugin-vault--at (object &rest names)
  "Return the member of OBJECT at the path NAMES, or nil."
  (seq-reduce (lambda (object name) (and (hash-table-p object) (gethash name object))) names object))

(defun plugin-vault--offered (answer &rest names)
  "Return the member at the path NAMES of ANSWER to `initialize', below our own."
  (apply #'plugin-vault--at answer "capabilities" "experimental" "pluginVault" names))

(defun plugin-vault--unsuitable (answer)
  "Return the error of a program with another protocol, by ANSWER to `initialize'."
  (let ((spoken (plugin-vault--offered answer "protocolVersion"))
        (server (plugin-vault--at answer "serverInfo")))
    (unless (equal spoken plugin-vault--protocol)
      (plugin-vault--condition
       "binaryUnsuitable"
       (format "%s %s can't be used with protocol %d, %s"
               (or (plugin-vault--at server "name") "The program") (or (plugin-vault--at server "version") "")
               plugin-vault--protocol
               (if (not (integerp spoken))
                   "because it is not plugin-vault.  Correct `plugin-vault-program'"
                 (format "because it has protocol %d.  Update %s" spoken
                         (if (< spoken plugin-vault--protocol) "plugin-vault" "this package"))))))))

(defun plugin-vault--ended (process _event)
  "Report the end of PROCESS to its pending requests and to its vaults."
  (unless (process-live-p process)
    (let* ((sidecar (process-get process 'plugin-vault-sidecar))
           (pending (get sidecar 'pending)))
      (when (buffer-live-p (process-buffer process)) (kill-buffer (process-buffer process)))
      (when (eq (get sidecar 'process) process)
        (put sidecar 'process nil)
        (put sidecar 'ready nil)
        (put sidecar 'pending nil)
        (when (and (process-get process 'greeted) (not (get sidecar 'closing)))
          (put sidecar 'ends (seq-take (cons (float-time) (get sidecar 'ends)) 5)))
        (maphash (lambda (_ callback) (funcall callback (plugin-vault--unknown) nil)) pending)
        (run-hook-with-args 'plugin-vault--end-functions sidecar)))))

(defvar plugin-vault--end-functions nil
  "Functions that get each sidecar whose process has ended.")

(defun plugin-vault--wait-until (sidecar done seconds)
  "Let SIDECAR and timers run until DONE is true, at most for SECONDS.
DONE is a function.  Return its value."
  (let ((deadline (+ (float-time) seconds)) value)
    (while (not (or (setq value (funcall done)) (> (float-time) deadline)))
      ;; Without a process, Emacs waits 10 ms for more output after the answer.  A timer that has set the value
      ;; does not end the wait, so the wait is short.
      (accept-process-output (get sidecar 'process) 0.05))
    value))

(defun plugin-vault--say-farewell (sidecar process)
  "Ask PROCESS of SIDECAR to answer earlier requests and to end."
  (plugin-vault--request sidecar "shutdown" "{}" #'ignore)
  (plugin-vault--notify sidecar "exit" "{}")
  (ignore-errors (process-send-eof process)))

(defun plugin-vault--stop (sidecar)
  "End the process of SIDECAR, after its earlier requests are answered."
  (when-let ((process (get sidecar 'process)))
    (put sidecar 'closing t)
    (unwind-protect
        (progn
          (plugin-vault--say-farewell sidecar process)
          (plugin-vault--wait-until sidecar (lambda () (not (process-live-p process))) plugin-vault--farewell))
      (delete-process process)
      (put sidecar 'closing nil))))

(defun plugin-vault--stop-all ()
  "End all processes of this package, at the end of Emacs.
If a signal ends Emacs, it does not notice that they have ended, and to
read from them would never return.  So this looks at them from outside."
  (dolist (process (process-list))
    (when-let ((sidecar (process-get process 'plugin-vault-sidecar)))
      (put sidecar 'closing t)
      (plugin-vault--say-farewell sidecar process)
      (set-process-filter process t)
      (let ((deadline (+ (float-time) plugin-vault--farewell)))
        (while (and (not (member (alist-get 'state (process-attributes (process-id process))) '(nil "Z")))
                    (< (float-time) deadline))
          (sleep-for 0.01))))))

(add-hook 'kill-emacs-hook #'plugin-vault--stop-all)

(provide 'plugin-vault-sidecar)
;;; plugin-vault-sidecar.el ends here
