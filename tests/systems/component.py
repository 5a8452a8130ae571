"""The smallest component: it does nothing. The descriptions beside it name it as their source."""
