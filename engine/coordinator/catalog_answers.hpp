// Answers the catalog questions of SQL functions (regclass, format_type, has_*_privilege, ...) for one session, by the
// catalog that its statement plans against.
#pragma once

#include "engine/functions/catalog_questions.hpp"

namespace tailrace::catalog {
class Catalog;
}

namespace tailrace::engine {

class SessionState;

class CatalogAnswers final : public CatalogQuestions {
 public:
  explicit CatalogAnswers(SessionState& session) : session_(session) {}

  std::vector<Oid> oids_of(Kind kind, std::string_view name) const override;
  std::optional<std::string> name_of(Kind kind, Oid oid) const override;
  std::optional<bool> is_visible(Kind kind, Oid oid) const override;
  std::optional<std::string> role_name(Oid role) const override;
  std::optional<Oid> role_oid(std::string_view name) const override;
  std::optional<std::string> comment(Oid object, int column,
                                     std::string_view catalog) const override;
  std::optional<std::string> view_definition(Oid view) const override;
  std::optional<std::string> index_definition(Oid index, int column) const override;
  std::optional<bool> has_privilege(Oid role, Privileged kind, Oid object,
                                    std::string_view privileges) const override;
  std::optional<Oid> privileged_oid(Privileged kind, std::string_view name) const override;
  bool has_role(Oid member, Oid role, std::string_view privilege) const override;
  std::vector<std::string> current_schemas(bool with_implicit) const override;
  std::optional<std::string> setting(std::string_view name) const override;
  bool is_superuser() const override;
  std::int32_t connection_id() const override;
  std::string environment_id() const override;
  std::int64_t start_microseconds() const override;

 private:
  const catalog::Catalog& catalog() const;

  SessionState& session_;
};

}  // namespace tailrace::engine
