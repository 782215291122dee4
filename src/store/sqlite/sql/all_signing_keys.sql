-- Called when a store is proved. Whole table.
SELECT key_id, public_key FROM signing_key ORDER BY key_id
