// Nothing is loaded: what Node.js itself takes.
