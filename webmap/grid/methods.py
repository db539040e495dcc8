"""How each number of the network was computed, in words: what the pages' headings lead to."""

from geodata.base.i18n import N_

#: Anchor -> heading and how it is computed (CONTRACT.md § Grid, geodata/grid).
METHODS = {
    "network": (
        N_("Network"),
        N_("Stations and circuits as they are stored, planned ones from their year. A circuit ends at the stations it names, else at what it is drawn to meet within the snapping distance. Each circuit is a pi section with r, x and c per km of its conductor; stated length and rated current go before those of drawing and table. Loads stand at the 110 kV bus; where the reactive power is missing it follows from the power factor. Stations of 220 kV and more that circuits end at hold their voltage."),
    ),
    "loading": (
        N_("Loading of a circuit"),
        N_("Current of its most loaded end over its rated current, from the AC flow by Newton's method; no derating for heat. The arrow shows which way the active power goes."),
    ),
    "transformers": (
        N_("Loading of transformers"),
        N_("Apparent power of the station's load over the sum of the rated powers in service; of an infeed what it delivers to the 110 kV side."),
    ),
    "firm": (N_("Firm power"), N_("Sum of the rated powers less the largest transformer.")),
    "headroom": (
        N_("MW left, N-0 and N-1"),
        N_("The largest further load at the model's power factor, to 0.1 MW, at which no circuit and not the station's own transformers exceed 100 % and no voltage falls below its limit; found by search on the AC flow with all in (N-0) and with each circuit and the station's largest transformer out in turn (N-1). What is beyond a limit already counts only when it gets worse by more than 0.5 percentage points or 0.002 pu."),
    ),
    "committed": (
        N_("Agreed and waiting"),
        N_("Sum of the requests of the register at the station up to the year. What is connected is part of the load. What clusters can get is the MW left less what is agreed."),
    ),
    "outage": (
        N_("Outages"),
        N_("Each circuit, transformer and infeed is taken out in turn, or all that was chosen at once, and the flow solved anew. A part without any infeed is without supply: its load is the MW lost. An infeed that loses all its transformers is out."),
    ),
    "towers": (
        N_("Tower lines"),
        N_("Nobody stores which circuits share towers, so it is assumed: overhead circuits drawn nearer to each other than the distance in the parameters, over the shortest stretch there or more, share towers; a cable never does, nor a circuit that says it is alone on its route. All circuits of a tower line are taken out at once; that is one event more than N-1, so headroom and the list of what is beyond a limit do not count it."),
    ),
    "feeds": (
        N_("What remains by another feed"),
        N_("Stations at the ends of what is out that still have supply, with the circuits that bring it and what the transformers left can carry; each open circuit is closed by trial, and the largest share of the lost load is sought at which nothing exceeds its limit."),
    ),
    "consumers": (
        N_("Who is without supply"),
        N_("What names its station hangs on it; anything else is taken to be fed by the nearest station, which is an assumption."),
    ),
    "need": (
        N_("Need of a cluster"),
        N_("The stated need, else free hectares times MW per hectare of its trade, built on evenly over the years of build-out. Stations within reach are compared year by year; each cluster is asked for alone."),
    ),
    "cures": (
        N_("What cures it"),
        N_("Each planned circuit and transformer that is not there yet is put in alone and the flow or the headroom computed again."),
    ),
    "voltage": (N_("Voltage"), N_("Lowest voltage of a bus with supply; limits of the planning criterion in the parameters.")),
}  # fmt: skip
