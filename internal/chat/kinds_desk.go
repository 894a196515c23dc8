package chat

// The kinds of entries that the desk adds, with their Data.
const (
	KindTransferred Kind = "transferred"  // {group?, agent_id?, name?}: given to another agent or to a group
	KindJoined      Kind = "joined"       // {agent_id, name}: an agent beside the one in charge
	KindLeft        Kind = "left"         // {agent_id, name}
	KindLeftMessage Kind = "left_message" // {email}: the visitor asks to be answered later; Body is what they say
)
