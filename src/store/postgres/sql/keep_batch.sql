-- Called by the writer's commit: one batch, all or nothing, in one way to the database and back. It holds the lane's row
-- only while it runs here, so that a gateway that stops in between stops nobody else. Nothing is kept when somebody else
-- wrote the lane since it was begun, or when a log would not go on where it ends; both are told in the answer.
WITH gap AS (
  SELECT run.party
  FROM unnest($14::bigint[], $15::bigint[]) AS run (party, seq)
  WHERE run.seq <> 1 + coalesce((
    SELECT log_run.seq + log_run.lines - 1 FROM log_run
    WHERE log_run.lane = $1 AND log_run.party = run.party
    ORDER BY log_run.seq DESC LIMIT 1), 0)
), taken AS (
  UPDATE lane SET version = $2, pos = $3, sealed_at = $4, frontier = $5, told = $6
  WHERE lane.lane = $1 AND lane.version = $2 - 1 AND NOT EXISTS (SELECT FROM gap)
  RETURNING lane.lane
), new_entry AS (
  INSERT INTO entry (lane, pos, source, prev, logs, record, event)
  SELECT taken.lane, row.pos, row.source, row.prev, row.logs, row.record, row.event
  FROM taken, unnest($7::bigint[], $8::bigint[], $9::bigint[], $10::bytea[], $11::bytea[], $12::bytea[])
    AS row (pos, source, prev, logs, record, event)
), new_key AS (
  INSERT INTO event_key (lane, cid, source, pos)
  SELECT taken.lane, row.cid, row.source, row.pos
  FROM taken, unnest($13::bytea[], $8::bigint[], $7::bigint[]) AS row (cid, source, pos)
), new_run AS (
  INSERT INTO log_run (lane, party, seq, lines, pos, steps)
  SELECT taken.lane, row.party, row.seq, row.lines, row.pos, row.steps
  FROM taken, unnest($14::bigint[], $15::bigint[], $16::bigint[], $17::bigint[], $18::bytea[])
    AS row (party, seq, lines, pos, steps)
), new_leg AS (
  INSERT INTO leg (lane, leg, body)
  SELECT taken.lane, row.leg, row.body FROM taken, unnest($19::bigint[], $20::bytea[]) AS row (leg, body)
  ON CONFLICT (lane, leg) DO UPDATE SET body = excluded.body
), new_concern AS (
  INSERT INTO concern (lane, party, kind, ref)
  SELECT taken.lane, row.party, row.kind, row.ref
  FROM taken, unnest($21::bigint[], $22::bigint[], $23::bigint[]) AS row (party, kind, ref)
  ON CONFLICT DO NOTHING
), new_tag AS (
  INSERT INTO tag (lane, code, at_pos, ref_kind, ref, by_lane, by_pos)
  SELECT taken.lane, row.code, row.at_pos, row.ref_kind, row.ref, row.by_lane, row.by_pos
  FROM taken, unnest($24::bytea[], $25::bigint[], $26::bigint[], $27::bigint[], $28::integer[], $29::bigint[])
    AS row (code, at_pos, ref_kind, ref, by_lane, by_pos)
  ON CONFLICT DO NOTHING
), new_device AS (
  INSERT INTO device (lane, source, body)
  SELECT taken.lane, row.source, row.body FROM taken, unnest($30::bigint[], $31::bytea[]) AS row (source, body)
  ON CONFLICT (lane, source) DO UPDATE SET body = excluded.body
), new_seal AS (
  INSERT INTO seal (lane, size, committed_at, root, key_id, signature)
  SELECT taken.lane, row.size, row.committed_at, row.root, row.key_id, row.signature
  FROM taken, unnest($32::bigint[], $33::bigint[], $34::bytea[], $35::bigint[], $36::bytea[])
    AS row (size, committed_at, root, key_id, signature)
), new_dossier AS (
  INSERT INTO dossier (lane, dossier, body)
  SELECT taken.lane, row.dossier, row.body
  FROM taken, unnest($37::bigint[], $38::bytea[]) AS row (dossier, body)
  ON CONFLICT (lane, dossier) DO UPDATE SET body = excluded.body
), new_waiting AS (
  INSERT INTO waiting (lane, code, pos)
  SELECT taken.lane, row.code, row.pos FROM taken, unnest($39::bytea[], $40::bigint[]) AS row (code, pos)
  ON CONFLICT DO NOTHING
), old_waiting AS (
  DELETE FROM waiting WHERE waiting.lane = $1 AND waiting.pos = ANY ($41::bigint[]) AND EXISTS (SELECT FROM taken)
), new_personal AS (
  INSERT INTO personal (lane, pos, erased, key_id, salt, body)
  SELECT taken.lane, row.pos, 0, row.key_id, row.salt, row.body
  FROM taken, unnest($42::bigint[], $43::bigint[], $44::bytea[], $45::bytea[]) AS row (pos, key_id, salt, body)
), new_pin AS (
  INSERT INTO pin (lane, pos, target_lane, target_pos)
  SELECT taken.lane, row.pos, row.target_lane, row.target_pos
  FROM taken, unnest($46::bigint[], $47::integer[], $48::bigint[]) AS row (pos, target_lane, target_pos)
  ON CONFLICT DO NOTHING
), new_follower AS (
  INSERT INTO follower (lane, name, pos)
  SELECT taken.lane, row.name, row.pos FROM taken, unnest($49::bytea[], $50::bigint[]) AS row (name, pos)
  ON CONFLICT (lane, name) DO UPDATE SET pos = excluded.pos
), new_consumer AS (
  INSERT INTO consumer (lane, party, name, body)
  SELECT taken.lane, row.party, row.name, row.body
  FROM taken, unnest($51::bigint[], $52::bytea[], $53::bytea[]) AS row (party, name, body)
  ON CONFLICT (lane, party, name) DO UPDATE SET body = excluded.body
), old_consumer AS (
  DELETE FROM consumer
  WHERE consumer.lane = $1 AND consumer.party = ANY ($54::bigint[])
    AND int8send(consumer.party) || consumer.name = ANY ($55::bytea[])
    AND EXISTS (SELECT FROM taken)
), new_document AS (
  INSERT INTO document (lane, document, body)
  SELECT taken.lane, row.document, row.body
  FROM taken, unnest($56::bigint[], $57::bytea[]) AS row (document, body)
  ON CONFLICT (lane, document) DO UPDATE SET body = excluded.body
)
SELECT (SELECT count(*) FROM taken), (SELECT count(*) FROM gap),
  (SELECT count(*) FROM lane WHERE lane.lane = $1 AND lane.version = $2 - 1)
