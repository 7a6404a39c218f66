"""The pages of a site: declared reports, figures from results, CSV."""
