// What a statement needs its role to be and to hold, and the check of it.
//
// `needs_of` is the table: one entry for each kind of statement, and a kind without one does not compile. It goes by
// the names in the statement, so that the check comes before anything else happens. Queries and writes are known only
// once they are bound: `needs_of_reading`, `needs_of_writing` and `needs_of_explaining` say what those need.
// Names that mean nothing need nothing: the statement itself says what is wrong with them.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "catalog/access.hpp"
#include "grammar/ast/statement.hpp"

namespace tailrace::engine {

class SessionState;

struct Needs {
  struct Held {
    catalog::Guarded object;
    catalog::PrivilegeSet privileges = 0;
    catalog::RoleId role;  // none: the session's; a view's owner for what it reads
  };
  std::optional<std::string> superuser;  // the refusal of everybody else, if there is one
  std::vector<catalog::RoleId> member_of;
  std::vector<catalog::Guarded> owned;
  std::vector<Held> privileges;
};

Needs needs_of(SessionState& session, const ast::Statement& statement);

// Reading the relations named; views with the rights of their owners. `computes`: on the session's cluster.
Needs needs_of_reading(SessionState& session, const std::vector<catalog::ItemId>& named,
                       bool computes);
// Changing a table by what is read from `named`.
Needs needs_of_writing(SessionState& session, const catalog::Item& table,
                       catalog::Privilege privilege, const std::vector<catalog::ItemId>& named);
Needs needs_of_explaining(SessionState& session, const std::vector<catalog::ItemId>& named);

// Whether the session's role has to be asked at all: superusers have not, and nobody while enable_rbac_checks is off.
bool is_restricted(SessionState& session);
// Throws 42501 unless the session's role has all of it.
void require(SessionState& session, const Needs& needs);

}  // namespace tailrace::engine
