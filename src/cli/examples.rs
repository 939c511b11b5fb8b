//! Two examples for each command. A test holds that they are valid.

/// The words of a command, and its examples.
pub(super) const EXAMPLES: &[(&str, &[&str; 2])] = &[
    (
        "serve",
        &["plugin-vault serve --stdio", "plugin-vault serve --log debug --log-file /tmp/plugin-vault.log"],
    ),
    ("status", &["plugin-vault status", "plugin-vault status --json"]),
    ("doctor", &["plugin-vault doctor", "plugin-vault doctor --fix --only backups --only protectors"]),
    ("check", &["plugin-vault check", "plugin-vault check --read-data"]),
    ("quarantine list", &["plugin-vault quarantine list", "plugin-vault quarantine list --json"]),
    ("quarantine purge", &["plugin-vault quarantine purge", "plugin-vault quarantine purge 0000 --yes"]),
    ("lock", &["plugin-vault lock", "plugin-vault lock --json"]),
    ("unlock", &["plugin-vault unlock", "plugin-vault unlock --json"]),
    ("path", &["plugin-vault path data", "plugin-vault path backups"]),
    ("get", &["plugin-vault get me.github#/token --raw", "plugin-vault get me.github/vscode:session --json"]),
    (
        "set",
        &[
            "pbpaste | plugin-vault set me.github#/token --raw",
            "plugin-vault set me.app --expires-in 30d < app.json",
        ],
    ),
    (
        "patch",
        &[
            "echo '{\"old\":null}' | plugin-vault patch me.app",
            "echo '[1]' | plugin-vault patch me.app#/ports",
        ],
    ),
    (
        "delete",
        &["plugin-vault delete me.github#/token", "plugin-vault delete me.github/vscode:session --yes"],
    ),
    ("list", &["plugin-vault list", "plugin-vault list me.github/vscode --json"]),
    (
        "run",
        &[
            "plugin-vault run --env GITHUB_TOKEN=me.github#/token -- gh repo list",
            "plugin-vault run --fd 3=me.github#/token -- sh -c 'read -r TOKEN <&3'",
        ],
    ),
    ("helper git", &["plugin-vault helper git get", "plugin-vault helper git store"]),
    ("helper docker", &["plugin-vault helper docker list", "plugin-vault helper docker get"]),
    (
        "helper headers",
        &[
            "plugin-vault helper headers me.mcp#/token",
            "plugin-vault helper headers me.mcp/vscode:server#/accessToken",
        ],
    ),
    (
        "export",
        &["plugin-vault export me.github | age -r RECIPIENT > github.age", "plugin-vault export -o all.json"],
    ),
    (
        "import",
        &[
            "age -d all.age | plugin-vault import -",
            "plugin-vault import --from env .env --to me.app --scrub",
        ],
    ),
    (
        "completions",
        &[
            "plugin-vault completions bash > ~/.local/share/bash-completion/completions/plugin-vault",
            "plugin-vault completions fish > ~/.config/fish/completions/plugin-vault.fish",
        ],
    ),
    ("man", &["plugin-vault man /usr/local/share/man/man1", "plugin-vault man ."]),
    (
        "key issue",
        &[
            "plugin-vault key issue me.github",
            "plugin-vault key issue me.github --installation vscode --label laptop",
        ],
    ),
    (
        "key share",
        &["plugin-vault key share --read-only", "plugin-vault key share --label ci --context user"],
    ),
    ("key list", &["plugin-vault key list", "plugin-vault key list me.github --json"]),
    (
        "key records",
        &["plugin-vault key records me.github vscode", "plugin-vault key records me.github vscode --json"],
    ),
    ("key rotate", &["plugin-vault key rotate", "plugin-vault key rotate --key-fd 3 --new-key-fd 4"]),
    ("key revoke", &["plugin-vault key revoke", "plugin-vault key revoke 9aa72a9147719a9bbcd7f45ae4378b9e"]),
    (
        "key extend",
        &[
            "plugin-vault key extend 9aa72a9147719a9bbcd7f45ae4378b9e --until 2027-01-31T00:00:00Z",
            "plugin-vault key extend 9aa72a9147719a9bbcd7f45ae4378b9e",
        ],
    ),
    ("key forget", &["plugin-vault key forget me.github", "plugin-vault key forget me.github --dry-run"]),
    ("backup", &["plugin-vault backup vault.tar", "plugin-vault backup - | ssh host 'cat > vault.tar'"]),
    ("backup verify", &["plugin-vault backup verify vault.tar", "plugin-vault backup verify - < vault.tar"]),
    (
        "restore",
        &["plugin-vault restore vault.tar", "plugin-vault restore vault.tar --keep-protectors --yes"],
    ),
    ("reset", &["plugin-vault reset", "plugin-vault reset --yes"]),
    (
        "relay",
        &[
            "plugin-vault relay me.github --listen ~/.plugin-vault/github.sock",
            "plugin-vault relay me.github --listen /run/user/1000/pv/ci.sock --read-only --once",
        ],
    ),
    (
        "remote setup",
        &[
            "plugin-vault remote setup postgres://me@db.example/vault",
            "plugin-vault remote setup postgres://me@db.example/vault --password-fd 3",
        ],
    ),
    (
        "remote push",
        &[
            "plugin-vault remote push postgres://me@db.example/vault",
            "plugin-vault remote push postgres://me@db.example/vault --json",
        ],
    ),
    (
        "remote join",
        &[
            "plugin-vault remote join postgres://me@db.example/vault",
            "plugin-vault remote join postgres://me@db.example/vault --machine laptop",
        ],
    ),
    (
        "remote approve",
        &["plugin-vault remote approve pv1mzxw6ytboi", "plugin-vault remote approve pv1mzxw6ytboi --yes"],
    ),
    ("remote machines", &["plugin-vault remote machines", "plugin-vault remote machines --json"]),
    ("remote remove", &["plugin-vault remote remove laptop", "plugin-vault remote remove 3a1309ba --yes"]),
    ("remote status", &["plugin-vault remote status", "plugin-vault remote status --json"]),
    ("remote leave", &["plugin-vault remote leave", "plugin-vault remote leave --destroy --yes"]),
    ("remote keep-server", &["plugin-vault remote keep-server", "plugin-vault remote keep-server --yes"]),
    ("remote keep-mine", &["plugin-vault remote keep-mine", "plugin-vault remote keep-mine --dry-run"]),
    ("schema", &["plugin-vault schema", "plugin-vault schema > openrpc.json"]),
    ("protector list", &["plugin-vault protector list", "plugin-vault protector list --json"]),
    (
        "protector add key-file",
        &["plugin-vault protector add key-file", "plugin-vault protector add key-file --json"],
    ),
    (
        "protector add keyring",
        &["plugin-vault protector add keyring", "plugin-vault protector add keyring --json"],
    ),
    (
        "protector add passphrase",
        &[
            "plugin-vault protector add passphrase",
            "plugin-vault protector add passphrase --new-passphrase-fd 3",
        ],
    ),
    (
        "protector add command",
        &[
            "plugin-vault protector add command -- pass show plugin-vault",
            "plugin-vault protector add command -- op read op://Private/plugin-vault/password",
        ],
    ),
    (
        "protector remove",
        &["plugin-vault protector remove key-file", "plugin-vault protector remove 3a1309bafee2ac90"],
    ),
    (
        "protector change passphrase",
        &["plugin-vault protector change passphrase", "plugin-vault protector change passphrase 3a1309ba"],
    ),
    ("protector test", &["plugin-vault protector test", "plugin-vault protector test keyring --json"]),
];
