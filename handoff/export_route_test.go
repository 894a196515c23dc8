package handoff

// Route lets tests ask the rules without a handoff.
var Route = (*Desk).route
