-- Called by the reader, for the dossiers of a page. Key of dossier; the loop stays this way round as in legs.sql.
SELECT found.body
FROM unnest($2::bigint[]) AS asked (dossier)
CROSS JOIN LATERAL (
  SELECT body FROM dossier WHERE dossier.lane = $1 AND dossier.dossier = asked.dossier OFFSET 0
) AS found
