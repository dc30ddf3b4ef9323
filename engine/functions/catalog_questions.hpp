// What functions may ask the catalog and the session: names and oids, visibility, comments,
// definitions, privileges, settings. Answered for one session, by the catalog that its statement
// plans against.
//
// Names are as SQL writes them: maybe qualified, maybe quoted; they resolve by the session's search
// path. Absence is an empty answer; what SQL calls an error is thrown as SqlError.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "repr/type.hpp"

namespace tailrace::engine {

class CatalogQuestions {
 public:
  virtual ~CatalogQuestions() = default;

  // Things with oids that a name or an oid can mean.
  enum class Kind : std::uint8_t { relation, type, function };
  // All that the name means: more than one only for functions.
  virtual std::vector<Oid> oids_of(Kind kind, std::string_view name) const = 0;
  // As short as it still resolves, quoted where needed.
  virtual std::optional<std::string> name_of(Kind kind, Oid oid) const = 0;
  // Found without a schema; nothing: there is no such thing.
  virtual std::optional<bool> is_visible(Kind kind, Oid oid) const = 0;

  virtual std::optional<std::string> role_name(Oid role) const = 0;
  virtual std::optional<Oid> role_oid(std::string_view name) const = 0;

  // Of an object (column 0) or one of its columns. `catalog`: the name of the system table that the
  // oid is of
  // ("pg_class"); empty: of any.
  virtual std::optional<std::string> comment(Oid object, int column,
                                             std::string_view catalog) const = 0;
  virtual std::optional<std::string> view_definition(Oid view) const = 0;
  // The whole statement, or (column from 1) the expression of one key column.
  virtual std::optional<std::string> index_definition(Oid index, int column) const = 0;

  enum class Privileged : std::uint8_t {
    relation,
    schema,
    database,
    type,
    connection,
    secret,
    cluster,
    system
  };
  // Whether the role has any of the comma-separated privileges. Nothing: the oid names nothing.
  // Names that do not exist and privileges that the kind does not have are errors. `object` is
  // ignored for `system`.
  virtual std::optional<bool> has_privilege(Oid role, Privileged kind, Oid object,
                                            std::string_view privileges) const = 0;
  virtual std::optional<Oid> privileged_oid(Privileged kind, std::string_view name) const = 0;
  // MEMBER or USAGE.
  virtual bool has_role(Oid member, Oid role, std::string_view privilege) const = 0;

  // The schemas of the search path that exist, the implicit ones first if asked for.
  virtual std::vector<std::string> current_schemas(bool with_implicit) const = 0;
  virtual std::optional<std::string> setting(std::string_view name) const = 0;
  virtual bool is_superuser() const = 0;
  virtual std::int32_t connection_id() const = 0;
  virtual std::string environment_id() const = 0;
  virtual std::int64_t start_microseconds() const = 0;  // of the server, since 2000-01-01 UTC
};

}  // namespace tailrace::engine
