"""The parts of the live page that draw in the browser; each works with no network but the page's own."""

from viz.widgets.address import AddressLine
from viz.widgets.charts import ChartData, Charts
from viz.widgets.flow import FlowDiagram
from viz.widgets.guide import GuideCard
from viz.widgets.keys import Keys
from viz.widgets.network import NetworkView, network_firms, network_frame
from viz.widgets.tongue import Tongue
from viz.widgets.tree import CascadeTree

__all__ = [
    "AddressLine",
    "CascadeTree",
    "ChartData",
    "Charts",
    "FlowDiagram",
    "GuideCard",
    "Keys",
    "NetworkView",
    "Tongue",
    "network_firms",
    "network_frame",
]
