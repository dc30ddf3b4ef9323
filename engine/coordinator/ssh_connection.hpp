// CREATE, ALTER and VALIDATE of connections to bastions. Private to this folder.
#pragma once

#include "engine/coordinator/session_state.hpp"

namespace tailrace::engine {

// Throws if options that only we may give stand among these.
void refuse_key_options(const std::vector<ast::Option>& options);
// Two fresh key pairs for the item: their public halves into its options, their private halves into the transaction.
void give_keys(SessionState& session, catalog::Item& connection);
// The second key becomes the first, and a fresh one the second.
void rotate_keys(SessionState& session, catalog::Item& connection);
// What ALTER made of it: a known host key is forgotten with the address it belongs to, or when that is asked for.
void forget_host_key(SessionState& session, const catalog::Item& connection);
// Logs in; a host key that it learns becomes part of the transaction. For an item that need not be committed.
void try_tunnel(SessionState& session, const catalog::Item& connection);

}  // namespace tailrace::engine
