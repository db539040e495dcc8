"""The department's monthly report: figures from the register at a cut-off day, each with its rows; sent and kept."""
