// Looks at upstream beside the stream: how far its log is, and whether its tables still are what
// they were.
//
// DDL is not replicated; a table that nobody writes to after it was changed is found out here.
#pragma once

#include "replication/postgres/shared_state.hpp"
#include "repr/cancel.hpp"

namespace tailrace::replication {

// Until cancelled. What goes wrong is tried again: the stream tells the user.
void monitor_upstream(SharedState& shared, CancelToken& cancel);

}  // namespace tailrace::replication
