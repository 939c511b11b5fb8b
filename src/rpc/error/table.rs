//! The error table: one entry for each code, and one message for each code and reason. The wire, the contract, the
//! documents, the command line and the tests take codes, kinds, reasons and messages from here.
//!
//! A message says what happened, why, and what to do next, in that order. It never contains a caller's value.

/// One entry of the table.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Code {
    /// `error.code`.
    pub number: i32,
    /// `error.data.kind`.
    pub kind: &'static str,
    /// `error.data.retryable`: whether the same call may succeed later with nothing else done.
    pub retryable: bool,
    /// What all errors of the code have in common; `error.message` if the code has only one cause.
    pub summary: &'static str,
    /// The causes, if there are several. Empty for `invalidParams`, whose messages are in the table of rules.
    pub causes: &'static [Cause],
}

/// One of several causes that lead to the same code.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Cause {
    /// `error.data.reason`.
    pub reason: &'static str,
    /// `error.message`.
    pub message: &'static str,
}

impl Code {
    /// The message for a reason, or for a code that has none.
    pub fn message(&self, reason: Option<&str>) -> &'static str {
        let cause = self.causes.iter().find(|cause| Some(cause.reason) == reason);
        cause.map_or(self.summary, |cause| cause.message)
    }
}

macro_rules! table {
    ($($name:ident = $number:literal, $kind:literal, $retryable:literal, $summary:literal
        $({ $($reason:literal: $message:literal,)* })?;)*) => {
        $(pub(in crate::rpc) const $name: Code = Code {
            number: $number,
            kind: $kind,
            retryable: $retryable,
            summary: $summary,
            causes: &[$($(Cause { reason: $reason, message: $message }),*)?],
        };)*

        /// Every code.
        pub const TABLE: &[Code] = &[$($name),*];
    };
}

table! {
    PARSE_ERROR = -32700, "parseError", false, "The message can't be read." {
        "json": "The message is not JSON in UTF-8, so it was not read. Send one JSON text in each message.",
        "frame": "The header of the message is malformed, so the message was not read. Send `Content-Length`, an empty \
            line and the body, or one message in each line.",
    };
    INVALID_REQUEST = -32600, "invalidRequest", false, "The message is not a request that can be carried out." {
        "message": "The message is not a JSON-RPC 2.0 message, so nothing was done. Check the types of `jsonrpc`, `id`, \
            `method` and `params`, and that no member is there twice.",
        "batch": "The batch is empty or has too many messages, so nothing was done. Send 1 to 1,000 messages in a batch.",
        "frame": "The message is too long, or its header has no valid length, so the connection ends. Keep each message \
            within --max-message-bytes.",
        "phase": "The connection does not allow the method now, so nothing was done. Send `initialize` only once, and \
            only `exit` after `shutdown`.",
    };
    METHOD_NOT_FOUND = -32601, "methodNotFound", false,
        "plugin-vault has no method with that name, so nothing was done. Call `rpc.discover` for the list of methods.";
    INVALID_PARAMS = -32602, "invalidParams", false, "A parameter breaks a rule of the method, so nothing was done.";
    INTERNAL_ERROR = -32603, "internalError", false,
        "plugin-vault has a fault, so the request was not carried out. Please report it.";
    CANCELLED = -32800, "requestCancelled", true,
        "The client cancelled the request, so it was not carried out. Send it again if it is still needed.";
    API_KEY_REQUIRED = 1001, "apiKeyRequired", false, "It is not known which API key the request uses." {
        "unselected": "No API key is selected, because the connection has set none, has set several, or was refused the \
            last one. Call `setAPIKey`, or pass `handle`.",
        "handle": "The connection has no API key with this handle, so nothing was done. Call `setAPIKey`, and pass the \
            handle that it returns.",
        "refused": "The API key was set with `mustExist`, but has no data, so nothing was done. Set a key that has data, \
            or set it without `mustExist`.",
    };
    API_KEY_INVALID = 1002, "apiKeyInvalid", false,
        "The text is not an API key, because it is not 40 hexadecimal digits. Pass a key as it was issued.";
    API_KEY_UNKNOWN = 1003, "apiKeyUnknown", false,
        "Nothing is stored with the API key, so nothing was done. Check the key, or store data with it first.";
    API_KEY_REVOKED = 1004, "apiKeyRevoked", false,
        "The API key was revoked or replaced, so it opens nothing. Use the key that replaced it, or issue another.";
    API_KEY_EXPIRED = 1005, "apiKeyExpired", false,
        "The API key has expired, so it opens nothing; its data is kept. Extend it with `plugin-vault key extend`.";
    NOT_PERMITTED = 1006, "notPermitted", false, "The API key does not permit the request." {
        "scope": "The request is outside of the scope of the API key, so nothing was done. Use a key with a wider scope.",
        "readOnly": "The scope of the API key is read-only, so nothing was changed. Use a key that may write.",
        "owner": "The API key is a shared one, and only the owner's key may do this, so nothing was changed. Use the \
            owner's key.",
        "lease": "Another API key acquired the lease, so nothing was changed. Use that key, or acquire the lease with \
            this one.",
        "relay": "The connection comes through a relay, which is bound to one API key, so nothing was done. Do this on \
            the machine that has the store.",
    };
    REVISION_CONFLICT = 2001, "revisionConflict", false,
        "The record does not have the revision `ifRevision`, so nothing was changed. Read it again, and repeat the change.";
    DATA_TOO_LARGE = 2002, "dataTooLarge", false, "The request would exceed a limit." {
        "data": "The object is longer than `data.limit` bytes, so nothing was stored. Store less, or raise \
            --max-data-bytes.",
        "records": "The namespace has `data.limit` records, so no more were stored. Delete records, or raise \
            --max-records.",
        "namespace": "The records of the namespace would take more than `data.limit` bytes, so nothing was stored. Delete \
            records, or raise --max-namespace-bytes.",
        "change": "The request would write more than `data.limit` bytes at once, so nothing was changed. Move or delete \
            the longest records one at a time.",
        "answer": "The answer would be longer than `data.limit` bytes, so it was not made. Ask for less, for example with \
            a lower `limit`.",
        "batch": "The answers of the batch would be longer than `data.limit` bytes, so this one was not sent. Repeat the \
            request in a smaller batch.",
        "keys": "The store has `data.limit` live API keys, so no more were made. Revoke keys that are not used, or raise \
            --max-keys.",
        "pluginKeys": "The plugin or the namespace has `data.limit` live API keys, so no more were made. Revoke keys that \
            are not used, or raise --max-keys-per-plugin.",
        "handles": "The connection has `data.limit` handles, so the API key was not set. Open another connection, or \
            raise --max-handles.",
        "leases": "The namespace or the shared key has `data.limit` leases, so no more were acquired. Release a lease \
            first.",
    };
    FOLDER_REQUIRED = 2003, "workspaceFolderRequired", false,
        "The request names no workspace folder, and not exactly one is open, so nothing was done. Pass `workspaceFolder`.";
    FOLDER_INVALID = 2004, "workspaceFolderInvalid", false,
        "The workspace folder is not an absolute URI, so nothing was done. Pass one such as `file:///home/me/project`.";
    TARGET_EXISTS = 2005, "targetExists", false,
        "The target folder has a record with the same name, so nothing was moved. Delete one of the two first.";
    LEASE_HELD = 3001, "leaseHeld", true,
        "Another client has the lease, so it was not acquired. Try again at `data.expiresAt`, or wait with `waitMs`.";
    LEASE_LOST = 3002, "leaseLost", false,
        "No live lease has this token, because it expired or was released. Acquire the lease again, then read again.";
    KEY_UNAVAILABLE = 4001, "keyUnavailable", false, "The store key is not available; no data was lost." {
        "locked": "The store is locked, because the user locked it, or because its passphrase or its keyring is needed; \
            no data was lost. Call `vault/unlock`.",
        "missing": "The protector has no key for this store; no data was lost. Put the key file or the item of the keyring \
            back, or name the folder of the key file with --key-dir. If the key is lost, `plugin-vault reset` puts the \
            store aside.",
        "wrong": "The passphrase or the key does not open this store; no data was lost. Give another passphrase, or put \
            the right key back.",
        "denied": "The protector gave no access to its key; no data was lost. Permit the access, or start the keyring if none \
            runs, and call again.",
        "deadline": "The protector did not give its key in time; no data was lost. Call again.",
        "failed": "The program that gives the passphrase failed; no data was lost. Run it in a terminal to see why, and \
            call again.",
        "programMissing": "The program that gives the passphrase was not found; no data was lost. Install it, or name it \
            by its absolute path.",
        "relativeProgram": "The program that gives the passphrase was not run, because its path depends on the current \
            folder; no data was lost. Name it by its absolute path.",
        "invalidPassphrase": "The text is not a passphrase, because it is empty, is too long or has control characters; no \
            data was lost. Give 1 to 65,536 bytes of UTF-8.",
        "memory": "The system has too little memory to derive a key from the passphrase; no data was lost. End other \
            programs, and call again.",
    };
    RECORD_DAMAGED = 4002, "recordDamaged", false, "A part of the store is damaged, and is kept as it is." {
        "record": "The value of the record is damaged, so it was not read; it is kept as it is. Write the record again, or \
            restore a backup with `plugin-vault restore`.",
        "key": "What the store holds about the API key is damaged, so the key opens nothing; all of it is kept as it is. \
            Restore a backup with `plugin-vault restore`.",
    };
    STORE_DAMAGED = 4003, "storeDamaged", false, "The store is damaged, and its files are kept as they are." {
        "data": "The tables of the store are damaged and are not repaired; the files are kept as they are. Start \
            plugin-vault again, which repairs what it can, or restore a backup with `plugin-vault restore`.",
        "protectors": "No protector file of the store can be read, so nothing opens it; the files are kept as they are. \
            Restore a backup with `plugin-vault restore`, or put the store aside with `plugin-vault reset`.",
    };
    STORE_FULL = 5001, "storeFull", true, "The store has no room left; nothing was changed." {
        "disk": "The disk, a quota or the limit on the size of files leaves no room for the store; nothing was changed. \
            Make room, and call again.",
        "limit": "The store has as many bytes as --max-store-bytes allows; nothing was changed. Delete records, or raise \
            the limit.",
        "map": "The memory map of the store is full, because this process has few addresses; nothing was changed. Raise \
            the limit on addresses (ulimit -v), and start plugin-vault again.",
        "quarantine": "The folder `quarantine` of the store has no room for another folder; nothing was changed. Delete the \
            folders in it that you do not need.",
        "revisions": "The store has used all revisions; nothing was changed. Put the store aside with `plugin-vault \
            reset`, and begin another.",
        "server": "The quota of the store on its server, or the disk of the server, leaves no room; nothing was changed. \
            Delete records, or ask for more room there.",
    };
    STORE_BUSY = 5002, "storeBusy", true, "The store is busy; nothing was changed." {
        "lock": "The write lock of the store was not free in time; nothing was changed. If the process `data.process` is \
            stopped, continue it or end it, and call again.",
        "opening": "The store was not opened in time, because it is checked or repaired first; nothing was changed. Call \
            again.",
        "closing": "A process that uses the store has not closed it, as a repair or a restore needs; nothing was changed. \
            Call again. If that fails too, end the other processes that use the store.",
        "readers": "As many processes read the store as can; nothing was changed. End one of them, and call again.",
        "addressSpace": "This process has too few addresses left for the memory map of the store; nothing was changed. \
            Raise the limit on addresses (ulimit -v), and call again.",
        "replaced": "Another store was put in the place of the open one; nothing was changed. Call again, and plugin-vault \
            opens the new one.",
        "overtaken": "Another process committed first; nothing was changed. Call again.",
        "threads": "The system gives this process no more threads; nothing was changed. End other programs, or raise the \
            limit (ulimit -u), and call again.",
    };
    FORMAT_TOO_NEW = 5003, "formatTooNew", false,
        "A later version of plugin-vault wrote the store, so this version can't read it. Update plugin-vault.";
    OVERLOADED = 5004, "overloaded", true, "Too much waits; the request was not carried out." {
        "answers": "Too many answers wait for the client, so this one was not made. Read answers before you send more \
            requests.",
        "unlocks": "Too many requests wait for the store key, so this one was not carried out. Wait for their answers, and \
            call again.",
        "leases": "Too many requests of the connection wait for leases, so this one was not carried out. Wait for their \
            answers, and call again.",
    };
    STORE_REFUSED = 5005, "storeRefused", false, "plugin-vault does not use the store in its present state." {
        "permissions": "Other users can read or write the store or its key, so plugin-vault does not use them. Take the \
            permissions away, for example with `chmod -R go=`.",
        "owner": "A file or folder of the store or of its key belongs to another user, so plugin-vault does not use it. \
            Change its owner, or pass another --data-dir or --key-dir.",
        "platform": "Another container, or a build of plugin-vault with other locks, has the store open, so this process \
            does not use it. End that one first, or pass another --data-dir.",
        "networkFileSystem": "The store is on a network or user-space file system, where it can be damaged, so plugin-vault \
            does not use it. Pass a local --data-dir, or --allow-network-file-system if only one machine uses the store.",
        "readOnly": "The file system of the store is mounted read-only, so plugin-vault does not use it. Mount it for \
            writing, or pass another --data-dir.",
        "link": "A link, or a file with a second name, is in the place of a file or folder of the store, so plugin-vault \
            does not use it. Put the file or folder itself there, or pass another --data-dir.",
        "fileType": "Something else is in the place of a file or folder of the store or of its key, so plugin-vault does \
            not use it. Move it away, or pass another --data-dir or --key-dir.",
        "access": "The system denies this user access to the user's own store, so plugin-vault does not use it. Change the \
            mode of its files, or the rule that denies the access.",
        "serverRefused": "The server of the shared store does not let this machine in; nothing was changed, and what is \
            here can be read. `plugin-vault remote status` says why.",
        "serverWentBack": "The server of the shared store has lost commits that it had confirmed; nothing was changed, and \
            what is here can be read. Choose a state with `plugin-vault remote keep-server` or `keep-mine`.",
        "offlineTooLong": "The server of the shared store was not reached for longer than --offline-days allows, so what is \
            here is not read. Connect to the network, or take the store back with `plugin-vault remote leave`.",
        "notJoined": "This machine can't take the store that --store names from its server, so nothing was done. Join it with \
            `plugin-vault remote join`, while --store or PLUGIN_VAULT_STORE names it.",
        "otherStore": "The data folder has another store than --store or PLUGIN_VAULT_STORE names, so plugin-vault does not \
            use it. Pass another --data-dir, or leave the name out.",
    };
    STORE_FAILED = 5006, "storeFailed", false, "The store could not be read or written." {
        "inputOutput": "The system failed to read or write the files of the store, so the request was not carried out. \
            Check the disk and --data-dir, and call again.",
        "commit": "A commit failed, and the change may have been carried out, or not. Read again before you write again.",
        "unanswered": "The server of the shared store did not answer in time, so the change may have been carried out, or \
            not. Read again before you write again.",
    };
    STORE_UNREACHABLE = 5007, "storeUnreachable", true,
        "The server of the shared store can't be reached; nothing was changed, and what is here can be read. Call again \
        once the network is there.";
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn no_number_no_kind_and_no_reason_of_a_code_is_there_twice() {
        let is_unique = |values: Vec<&str>| values.iter().collect::<BTreeSet<_>>().len() == values.len();
        assert!(is_unique(TABLE.iter().map(|code| code.kind).collect()));
        let numbers: BTreeSet<_> = TABLE.iter().map(|code| code.number).collect();
        assert_eq!(numbers.len(), TABLE.len());
        for code in TABLE {
            assert!(is_unique(code.causes.iter().map(|cause| cause.reason).collect()), "{}", code.kind);
            assert_ne!(code.causes.len(), 1, "{} has one cause, and needs no reason", code.kind);
        }
    }

    #[test]
    fn every_message_is_one_of_its_own_and_in_plain_english() {
        let words = ["lines above", "the log", "see above", "  ", "\n"];
        let commands = ["key extend", "restore", "reset", "remote"];
        let mut seen = BTreeSet::new();
        for code in TABLE {
            let messages = code.causes.iter().map(|cause| cause.message).chain([code.summary]);
            for message in messages {
                assert!(seen.insert(message), "{message}");
                assert!(message.ends_with('.') && message.is_char_boundary(1), "{message}");
                for word in words {
                    assert!(!message.to_lowercase().contains(word), "{word}: {message}");
                }
                for command in message.split("`plugin-vault ").skip(1) {
                    assert!(commands.iter().any(|known| command.starts_with(known)), "{message}");
                }
            }
        }
    }
}
