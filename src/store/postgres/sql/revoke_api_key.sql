-- Called by the administrator. A key stays revoked since the first time.
UPDATE api_key SET revoked_at = coalesce(revoked_at, $2) WHERE id = $1
