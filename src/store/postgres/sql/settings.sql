-- Called on every new connection that writes: what durability hangs on, and whether it is the primary.
SELECT current_setting('fsync'), current_setting('full_page_writes'), current_setting('synchronous_commit'),
  current_setting('server_version_num')::bigint, pg_is_in_recovery()::integer::bigint
