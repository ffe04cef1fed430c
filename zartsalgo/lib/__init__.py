"""The bottom layer: no models, imports no app. Anything two rooms need and no room owns."""
