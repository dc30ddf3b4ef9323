// Recognises predicates that an index answers by lookup: literal equality on every key scalar.
#pragma once

#include <optional>
#include <vector>

#include "engine/plan/plan.hpp"

namespace tailrace::engine {

struct IndexLookup {
  // One per key to look up, each a value per key scalar (in the key's order), of the key scalars' types. Distinct, no
  // NULLs; may be empty (then no row matches).
  std::vector<std::vector<Value>> keys;
  // What is left to do on the rows found (the equalities that the lookup answers are gone).
  plan::MapFilterProject rest;
};

// `node` stands on the relation that the index is on; `key` are scalars over that relation's columns. Equalities (also
// IN and OR of equalities over all of them) in `node`'s predicates must bind every key scalar.
std::optional<IndexLookup> match_index(const plan::MapFilterProject& node, const std::vector<ScalarPtr>& key);

}  // namespace tailrace::engine
