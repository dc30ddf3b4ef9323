// Which upstream types can be ingested, and as what (reference/postgres-source.md 5.2).
#pragma once

#include <optional>

#include "repr/type.hpp"

namespace tailrace::replication {

// The dialect's type of a column; nothing: only as a TEXT COLUMN.
std::optional<Type> ingested_type(Oid oid, std::int32_t type_modifier);

// Whether a value can be taken in binary in COPY. json cannot: it is stored as jsonb.
bool copies_in_binary(Oid oid, const Type& type);
// ... and no value that upstream can hold fails here. A value that fails must give the same error
// whichever way it came, so that its deletion retracts it; hence others travel as text in the
// stream.
bool streams_in_binary(Oid oid, const Type& type);

}  // namespace tailrace::replication
