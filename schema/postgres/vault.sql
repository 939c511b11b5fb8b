-- The part of plugin-vault that runs on a PostgreSQL server (13 or later). The owner of the database installs it:
--
--   psql --set ON_ERROR_STOP=1 --file vault.sql
--
-- It may be run again. It upgrades an older version, and refuses to replace a newer one. docs/postgresql.md describes
-- the tables, the functions and the errors.
--
-- Every value that arrives here is sealed. The functions run with the rights of their owner, so that a login role
-- needs no right to a table: a 32-byte token decides which store a caller may use, and the server keeps only its hash.
-- Each function is one statement for its caller and needs nothing of the session, so poolers in transaction mode work.

begin;

set local client_min_messages = warning;

-- Two installations at one time wait for each other.
select pg_advisory_xact_lock(x'706c75675f76'::bigint);

create schema if not exists plugin_vault;

do $install$
declare
    -- The version of this file.
    this constant integer := 2;
    installed integer := 0;
begin
    if to_regclass('plugin_vault.version') is not null then
        execute 'select number from plugin_vault.version' into strict installed;
    end if;
    if installed > this then
        raise exception using
            errcode = 'PV003',
            message = format('the schema plugin_vault has version %s, which is newer than version %s of this file',
                installed, this),
            hint = 'Use a plugin-vault that is at least as new as the one that installed the schema.';
    end if;

    if installed < 1 then
        create table plugin_vault.version (number integer not null);
        insert into plugin_vault.version values (0);

        -- One row for each user's store. A commit changes it if turn and write_id are still what the machine holds.
        create table plugin_vault.stores (
            id bytea primary key check (octet_length(id) = 16),
            -- The number of the last commit, and the random id of its decision.
            turn bigint not null default 0,
            write_id bytea not null default '\x00000000000000000000000000000000'
                check (octet_length(write_id) = 16),
            -- The last revision that a commit assigned.
            revision bigint not null default 0,
            -- Change notices up to this revision may be gone.
            forgotten bigint not null default 0,
            -- Bytes of keys and values, without change notices, and the most that are allowed.
            bytes bigint not null default 0,
            max_bytes bigint not null check (max_bytes > 0),
            -- The version of the format of rows.
            format integer not null
        );

        -- The machines that may use a store.
        create table plugin_vault.devices (
            store bytea not null references plugin_vault.stores on delete cascade,
            token_hash bytea not null check (octet_length(token_hash) = 32),
            -- The name of the machine, sealed.
            label bytea not null,
            added_at timestamptz not null default now(),
            primary key (store, token_hash)
        );

        -- The rows of each store, each with the commit that wrote it last.
        -- It names the store without a foreign key, which would cost each new row a look-up: only `append` writes here,
        -- while it holds the store's row.
        create table plugin_vault.rows (
            store bytea not null,
            tab smallint not null,
            key bytea not null,
            -- Null: a commit has removed the row. Kept as long as that commit is among the newest 256.
            value bytea,
            turn bigint not null,
            primary key (store, tab, key)
        );
        -- Sealed values can't be compressed.
        alter table plugin_vault.rows alter column value set storage external;
        create index rows_by_turn on plugin_vault.rows (store, turn, tab, key);
        create index rows_gone on plugin_vault.rows (store, turn) where value is null;

        -- The newest 256 commits of each store: commit `turn` is in the slot `turn % 256`.
        create table plugin_vault.commits (
            store bytea not null,
            slot smallint not null,
            turn bigint not null,
            write_id bytea not null,
            primary key (store, slot)
        );

        -- Any role that may connect may call the functions that ask for a token. See the grants below.
        grant usage on schema plugin_vault to public;
    end if;

    if installed < 2 then
        -- The key of the store, sealed for a machine that was approved and has not joined yet.
        alter table plugin_vault.devices add column sealed_key bytea;
        -- A new machine knows its token, and not yet its store.
        create index devices_by_token on plugin_vault.devices (token_hash);
        -- These have other arguments or another result now.
        drop function if exists plugin_vault.admit(bytea, bytea, bytea, bytea);
        drop function if exists plugin_vault.create(bytea, bytea, bytea, bigint, integer);
    end if;

    update plugin_vault.version set number = this;
end
$install$;

-- The next two are only called by the functions behind them, with their rights and their search_path.

-- The server's time, in milliseconds since 1970.
create or replace function plugin_vault.clock() returns bigint
    language sql volatile
as $$ select (extract(epoch from clock_timestamp()) * 1000)::bigint $$;

-- Ends the call with PV001 unless a machine with this token may use the store. A store that does not exist and a wrong
-- token get the same answer.
create or replace function plugin_vault.authorize(p_token bytea, p_store bytea) returns void
    language plpgsql stable
as $$
begin
    if not exists (
        select from plugin_vault.devices d where d.store = p_store and d.token_hash = sha256(p_token)
    ) then
        raise exception using errcode = 'PV001', message = 'this token opens no such store';
    end if;
end
$$;

-- The head of a store, and the write id of the commit `p_turn` if it is among the newest 256.
create or replace function plugin_vault.head(p_token bytea, p_store bytea, p_turn bigint)
    returns table (turn bigint, write_id bytea, revision bigint, forgotten bigint, format integer, then_id bytea,
        clock bigint)
    language plpgsql stable security definer set search_path = pg_catalog, pg_temp
as $$
begin
    perform plugin_vault.authorize(p_token, p_store);
    return query
        select s.turn, s.write_id, s.revision, s.forgotten, s.format, c.write_id, plugin_vault.clock()
        from plugin_vault.stores s
        left join plugin_vault.commits c
            on c.store = s.id and c.slot = (p_turn % 256)::smallint and c.turn = p_turn
        where s.id = p_store;
end
$$;

-- One commit, wholly or not at all, on condition that the head is (p_turn, p_head). The outcome is
--   0  done now
--   1  done before: this write id is the commit p_turn + 1
--   2  conflict: nothing was done, and this write id never will be
--   3  so many commits have followed that 1 and 2 can no longer be told apart
-- A null in p_values removes a row. No row may occur twice.
create or replace function plugin_vault.append(p_token bytea, p_store bytea, p_turn bigint, p_head bytea,
        p_write_id bytea, p_revision bigint, p_tabs smallint[], p_keys bytea[], p_values bytea[])
    returns table (outcome integer, clock bigint)
    language plpgsql volatile security definer set search_path = pg_catalog, pg_temp
    -- Each statement below looks rows up by their keys, whatever its arguments are. Left to itself, the planner would plan
    -- the first one anew for each commit, which takes longer than all the rest.
    set plan_cache_mode = force_generic_plan
as $$
declare
    -- The table of change notices, and how many revisions of them are kept.
    changes constant smallint := 5;
    kept constant bigint := 1000;
    next constant bigint := p_turn + 1;
    grown bigint;
    before bigint;
    used bigint;
    allowed bigint;
    head bigint;
begin
    -- The answer means that the commit survives a crash of the server, whatever the server's default is.
    if current_setting('synchronous_commit') in ('off', 'local', 'remote_write') then
        perform set_config('synchronous_commit', 'on', true);
    end if;

    -- What `was` has is computed before the statement waits for other commits, and is only valid if the condition holds
    -- after that. With a subquery each row is looked up in the index; a join might read the whole store.
    -- The token is checked first: without it the store's row is not even locked.
    update plugin_vault.stores s
        set turn = next, write_id = p_write_id, revision = p_revision, bytes = s.bytes + was.grown,
            forgotten = greatest(s.forgotten, p_revision - kept)
        from (
            select coalesce(sum(coalesce(octet_length(b.key) + octet_length(b.value), 0) - coalesce((
                    select octet_length(r.key) + octet_length(r.value)
                    from plugin_vault.rows r where r.store = p_store and r.tab = b.tab and r.key = b.key
                ), 0)), 0) as grown, (select o.revision from plugin_vault.stores o where o.id = p_store) as revision
            from unnest(p_tabs, p_keys, p_values) as b (tab, key, value)
            where b.tab <> changes
        ) was
        where s.id = p_store and s.turn = p_turn and s.write_id = p_head and exists (
            select from plugin_vault.devices d where d.store = p_store and d.token_hash = sha256(p_token)
        )
        returning s.bytes, s.max_bytes, was.grown, was.revision into used, allowed, grown, before;
    if not found then
        perform plugin_vault.authorize(p_token, p_store);
        select s.turn into head from plugin_vault.stores s where s.id = p_store;
        return query select
            case
                when exists (
                    select from plugin_vault.commits c
                    where c.store = p_store and c.slot = (next % 256)::smallint and c.turn = next
                        and c.write_id = p_write_id
                ) then 1
                when head - next >= 256 then 3
                else 2
            end,
            plugin_vault.clock();
        return;
    end if;
    if used > allowed and grown > 0 then
        raise exception using errcode = 'PV002', message = 'the store would exceed its quota';
    end if;

    insert into plugin_vault.rows as r (store, tab, key, value, turn)
        select p_store, b.tab, b.key, b.value, next
        from unnest(p_tabs, p_keys, p_values) as b (tab, key, value)
        on conflict (store, tab, key) do update set value = excluded.value, turn = excluded.turn;
    insert into plugin_vault.commits as c (store, slot, turn, write_id)
        values (p_store, (next % 256)::smallint, next, p_write_id)
        on conflict (store, slot) do update set turn = excluded.turn, write_id = excluded.write_id;

    -- A replica that is older than 256 commits takes everything, so it needs no trace of what is gone.
    delete from plugin_vault.rows r where r.store = p_store and r.value is null and r.turn <= next - 256;
    if p_revision > kept then
        -- The lower bound lets the planner use the index. What is below it is gone already.
        delete from plugin_vault.rows r
            where r.store = p_store and r.tab = changes and r.key > int8send(greatest(before - kept, 0))
                and r.key <= int8send(p_revision - kept);
    end if;

    outcome := 0;
    clock := plugin_vault.clock();
    return next;
end
$$;

-- The rows behind the position (p_turn, p_tab, p_key) in the order of commits, tables and keys: at most p_rows of them,
-- and at least one, whatever its size, until p_bytes are passed. Each row of the result also has the head, and the write
-- id of the commit p_at if it is among the newest 256. A result without rows of the store is one row with a null in tab.
create or replace function plugin_vault.since(p_token bytea, p_store bytea, p_at bigint, p_turn bigint,
        p_tab smallint, p_key bytea, p_rows integer, p_bytes bigint)
    returns table (head_turn bigint, head_id bytea, revision bigint, forgotten bigint, format integer, then_id bytea,
        clock bigint, row_turn bigint, tab smallint, key bytea, value bytea)
    language plpgsql stable security definer set search_path = pg_catalog, pg_temp
as $$
begin
    perform plugin_vault.authorize(p_token, p_store);
    -- One statement, so that the rows and the head are of one moment.
    return query
        select h.turn, h.write_id, h.revision, h.forgotten, h.format, h.then_id, h.clock,
            page.turn, page.tab, page.key, page.value
        from plugin_vault.head(p_token, p_store, p_at) h
        left join (
            select r.*, sum(octet_length(r.key) + coalesce(octet_length(r.value), 0))
                over (order by r.turn, r.tab, r.key rows between unbounded preceding and 1 preceding) as before
            from (
                select n.turn, n.tab, n.key, n.value
                from plugin_vault.rows n
                where n.store = p_store and (n.turn, n.tab, n.key) > (p_turn, p_tab, p_key)
                order by n.turn, n.tab, n.key
                limit p_rows
            ) r
        ) page on coalesce(page.before, 0) < p_bytes
        order by page.turn, page.tab, page.key;
end
$$;

-- Lets one more machine use the store, and leaves the key of the store for it, sealed. A machine of the store asks for it.
create or replace function plugin_vault.admit(p_token bytea, p_store bytea, p_token_hash bytea, p_label bytea,
        p_sealed_key bytea)
    returns void
    language plpgsql volatile security definer set search_path = pg_catalog, pg_temp
as $$
begin
    perform plugin_vault.authorize(p_token, p_store);
    insert into plugin_vault.devices as d (store, token_hash, label, sealed_key)
        values (p_store, p_token_hash, p_label, p_sealed_key)
        on conflict (store, token_hash) do update set label = excluded.label, sealed_key = excluded.sealed_key;
end
$$;

-- The stores that a machine with this token was admitted to, each with the key that was left for it. No row: to none.
create or replace function plugin_vault.joined(p_token bytea)
    returns table (store bytea, sealed_key bytea)
    language plpgsql stable security definer set search_path = pg_catalog, pg_temp
as $$
begin
    return query
        select d.store, d.sealed_key from plugin_vault.devices d where d.token_hash = sha256(p_token) limit 2;
end
$$;

-- A new machine has the key of the store now: what was left for it goes. It also says its own label.
create or replace function plugin_vault.settle(p_token bytea, p_store bytea, p_label bytea) returns void
    language plpgsql volatile security definer set search_path = pg_catalog, pg_temp
as $$
begin
    perform plugin_vault.authorize(p_token, p_store);
    update plugin_vault.devices d set label = p_label, sealed_key = null
        where d.store = p_store and d.token_hash = sha256(p_token);
end
$$;

-- The machines of a store, the oldest first: since when, in milliseconds since 1970, and whether it has joined.
create or replace function plugin_vault.machines(p_token bytea, p_store bytea)
    returns table (token_hash bytea, label bytea, added_at bigint, has_joined boolean)
    language plpgsql stable security definer set search_path = pg_catalog, pg_temp
as $$
begin
    perform plugin_vault.authorize(p_token, p_store);
    return query
        select d.token_hash, d.label, (extract(epoch from d.added_at) * 1000)::bigint, d.sealed_key is null
        from plugin_vault.devices d where d.store = p_store order by d.added_at, d.token_hash;
end
$$;

-- Ends the token of a machine: the caller's own, or another one's. Returns whether there was one.
create or replace function plugin_vault.remove(p_token bytea, p_store bytea, p_token_hash bytea) returns boolean
    language plpgsql volatile security definer set search_path = pg_catalog, pg_temp
as $$
begin
    perform plugin_vault.authorize(p_token, p_store);
    delete from plugin_vault.devices d where d.store = p_store and d.token_hash = p_token_hash;
    return found;
end
$$;

-- Removes a store with everything in it, for one of its machines, which could overwrite everything in it as well.
create or replace function plugin_vault.discard(p_token bytea, p_store bytea) returns boolean
    language plpgsql volatile security definer set search_path = pg_catalog, pg_temp
as $$
begin
    perform plugin_vault.authorize(p_token, p_store);
    return plugin_vault.destroy(p_store);
end
$$;

-- A new store with its first machine. Returns false if there is a store with this id. For the owner of the schema.
create or replace function plugin_vault.create(p_store bytea, p_token_hash bytea, p_label bytea, p_max_bytes bigint,
        p_format integer)
    returns boolean
    language plpgsql volatile security definer set search_path = pg_catalog, pg_temp
as $$
begin
    insert into plugin_vault.stores (id, max_bytes, format) values (p_store, p_max_bytes, p_format)
        on conflict do nothing;
    if not found then
        return false;
    end if;
    insert into plugin_vault.devices (store, token_hash, label) values (p_store, p_token_hash, p_label);
    return true;
end
$$;

-- Removes a store with everything in it. Returns whether there was one. For the owner of the schema.
create or replace function plugin_vault.destroy(p_store bytea) returns boolean
    language plpgsql volatile security definer set search_path = pg_catalog, pg_temp
as $$
begin
    -- First the store's row: an append that is under way has ended then, and a later one finds no store.
    delete from plugin_vault.stores s where s.id = p_store;
    if not found then
        return false;
    end if;
    delete from plugin_vault.rows r where r.store = p_store;
    delete from plugin_vault.commits c where c.store = p_store;
    return true;
end
$$;

-- PostgreSQL lets every role execute a new function. These are for the owner, and for whom the owner grants them to.
revoke all on function plugin_vault.clock(), plugin_vault.authorize(bytea, bytea),
    plugin_vault.create(bytea, bytea, bytea, bigint, integer), plugin_vault.destroy(bytea) from public;

commit;
