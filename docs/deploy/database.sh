#!/bin/sh
# Two roles for the map, at the first start of the database's container (docker-compose.yml mounts it into
# /docker-entrypoint-initdb.d): the owner brings the schema up to date, the application reads and writes rows.
set -eu
psql --set=ON_ERROR_STOP=1 --no-psqlrc --quiet --username "$POSTGRES_USER" --dbname "$POSTGRES_DB" \
    --set=owner_password="$OWNER_PASSWORD" --set=application_password="$APPLICATION_PASSWORD" --set=database="$POSTGRES_DB" <<'SQL'
CREATE ROLE webmap_owner LOGIN PASSWORD :'owner_password';
CREATE ROLE webmap LOGIN PASSWORD :'application_password';
ALTER DATABASE :"database" OWNER TO webmap_owner;
CREATE EXTENSION IF NOT EXISTS postgis;
GRANT SELECT, INSERT, UPDATE, DELETE ON spatial_ref_sys TO webmap_owner;
SQL
