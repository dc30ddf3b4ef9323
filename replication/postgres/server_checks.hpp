// What an upstream server must be able to do before anything is asked of its tables, and whom to tell where it is not: hosted
// services are set up in ways of their own, and some addresses are not PostgreSQL's at all.
//
// Each throws the error of the reference, with a hint for the kind of server that this is.
#pragma once

#include "replication/postgres/connection.hpp"

namespace tailrace::replication {

// Its version, whether it writes what logical decoding needs, whether it may send it.
void check_server(Connection& connection);
void check_replication_role(Connection& connection);
// So many more than there are.
void check_slots(Connection& connection, int needed);

// The answer to IDENTIFY_SYSTEM, of a replication connection.
QueryResult identify_system(Connection& connection);

}  // namespace tailrace::replication
