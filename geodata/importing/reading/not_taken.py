"""Files that people send and nothing here reads: what to do instead, by ending."""

from geodata.base.i18n import N_

_PACK = N_("Archives of this kind cannot be opened. Unpack it and send the files, or pack them as .zip.")
_COPY = N_(
    "Tables in documents cannot be imported. Copy the table into Excel or LibreOffice Calc and save it as .xlsx."
)
_DRAW = N_("AutoCAD's own files cannot be imported. Save the drawing as DXF (SAVEAS, AutoCAD DXF) and send that.")
_PICTURE = N_(
    "Pictures hold no objects that can be imported. Type what they show as a table with places, or draw it on the map."
)
_SHEET = N_("Workbooks of this kind cannot be read. Open it and save it as .xlsx.")
#: What people send that is read by nothing here -> what they can do.
SAVE_AS = {
    **dict.fromkeys((".rar", ".7z", ".tar", ".gz", ".tgz", ".bz2", ".xz"), _PACK),
    **dict.fromkeys((".doc", ".docx", ".odt", ".rtf", ".pdf", ".ppt", ".pptx"), _COPY),
    **dict.fromkeys((".dwg", ".dgn", ".dwt", ".dws"), _DRAW),
    **dict.fromkeys((".jpg", ".jpeg", ".png", ".heic", ".tif", ".tiff", ".gif", ".bmp", ".webp"), _PICTURE),
    **dict.fromkeys((".xlsb", ".numbers", ".et", ".xltx", ".xlt", ".fods", ".gsheet"), _SHEET),
    **dict.fromkeys((".mdb", ".accdb"), N_("Databases of Access cannot be read. Export the table from Access as .xlsx.")),
    **dict.fromkeys((".qgz", ".qgs", ".mxd", ".aprx", ".wor", ".lyr", ".lyrx", ".qlr"), N_(
        "That is a project: it only names the files with the objects. Save the layer itself, as GeoPackage or zipped shapefile."
    )),
    **dict.fromkeys((".dbf", ".shx", ".prj", ".cpg"), N_(
        "That is one part of a shapefile. Send its .shp, .shx, .dbf and .prj together, or packed as .zip."
    )),
    **dict.fromkeys((".dat", ".map", ".id", ".mid"), N_(
        "That is one part of a MapInfo table. Send all of its files together, or packed as .zip."
    )),
}  # fmt: skip
