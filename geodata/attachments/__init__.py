"""Files that hang on a feature: decisions, price lists, leaflets, to be taken along by who may see them."""
