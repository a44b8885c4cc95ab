"""The parts of the live page that draw in the browser; each works with no network but the page's own."""

from viz.widgets.charts import ChartData, Charts
from viz.widgets.network import NetworkView, network_firms, network_frame

__all__ = ["ChartData", "Charts", "NetworkView", "network_firms", "network_frame"]
