"""Extensions, the functions that tables build on, and the VN-2000 zones PostGIS 3.3 lacks.

PostGIS 3.3 has no SRID 9205 to 9218. A row without authority and towgs84 would be about 224 m off in
silence, so both are written; with the authority PROJ takes the exact EPSG operation.
"""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

# Frozen here on purpose: a migration must not change when geodata.crs does.
ZONES = {
    9205: 103.0, 9206: 104.0, 9207: 104.5, 9208: 104.75, 9209: 105.5, 9210: 105.75, 9211: 106.0, 9212: 106.25,
    9213: 106.5, 9214: 107.0, 9215: 107.25, 9216: 107.5, 9217: 108.25, 9218: 108.5,
}  # fmt: skip
TOWGS84 = "-191.90441429,-39.30318279,-111.45032835,0.00928836,-0.01975479,0.00427372,0.252906278"


def _minutes(degrees: float) -> str:
    return f"{int(degrees)}-{round(degrees % 1 * 60):02d}"


def _wkt(srid: int, meridian: float) -> str:
    return (
        f'PROJCS["VN-2000 / TM-3 {_minutes(meridian)}",GEOGCS["VN-2000",DATUM["Vietnam_2000",'
        f'SPHEROID["WGS 84",6378137,298.257223563],TOWGS84[{TOWGS84}]],PRIMEM["Greenwich",0],'
        'UNIT["degree",0.0174532925199433],AUTHORITY["EPSG","4756"]],PROJECTION["Transverse_Mercator"],'
        f'PARAMETER["latitude_of_origin",0],PARAMETER["central_meridian",{meridian:g}],'
        'PARAMETER["scale_factor",0.9999],PARAMETER["false_easting",500000],PARAMETER["false_northing",0],'
        f'UNIT["metre",1],AUTHORITY["EPSG","{srid}"]]'
    )


def upgrade() -> None:
    for extension in ("postgis", "unaccent", "pg_trgm"):
        op.execute(f"CREATE EXTENSION IF NOT EXISTS {extension}")
    insert = sa.text(
        "INSERT INTO spatial_ref_sys (srid, auth_name, auth_srid, srtext, proj4text) "
        "VALUES (:srid, 'EPSG', :srid, :wkt, :proj4) ON CONFLICT (srid) DO UPDATE SET "
        "auth_name = excluded.auth_name, auth_srid = excluded.auth_srid, srtext = excluded.srtext, "
        "proj4text = excluded.proj4text"
    )
    for srid, meridian in ZONES.items():
        proj4 = (
            f"+proj=tmerc +lat_0=0 +lon_0={meridian:g} +k=0.9999 +x_0=500000 +y_0=0 +ellps=WGS84 "
            f"+towgs84={TOWGS84} +units=m +no_defs"
        )
        op.get_bind().execute(insert, {"srid": srid, "wkt": _wkt(srid, meridian), "proj4": proj4})
    op.execute(
        """
        CREATE FUNCTION fold_text(value text) RETURNS text LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS
        $$ SELECT lower(public.unaccent('public.unaccent'::regdictionary, normalize(value, NFC))) $$
        """
    )
    # A function rather than a constant in each table: a province that grows changes one place.
    op.execute(
        """
        CREATE FUNCTION province_extent() RETURNS geometry LANGUAGE sql IMMUTABLE PARALLEL SAFE AS
        $$ SELECT public.st_makeenvelope(106.0, 20.05, 107.9, 21.4, 4326) $$
        """
    )
    # Vietnamese alphabetical order: An, Ăn, Ân; D before Đ. The C locale puts Đ, Ă, Ơ after z.
    op.execute("CREATE COLLATION IF NOT EXISTS vi_icu (provider = icu, locale = 'vi-VN')")


def downgrade() -> None:
    op.execute("DROP COLLATION vi_icu")
    op.execute("DROP FUNCTION province_extent()")
    op.execute("DROP FUNCTION fold_text(text)")
    op.get_bind().execute(sa.text("DELETE FROM spatial_ref_sys WHERE srid BETWEEN 9205 AND 9218"))
