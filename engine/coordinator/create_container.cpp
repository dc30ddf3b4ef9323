// Databases, schemas and roles.
#include <fmt/format.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>

#include "engine/coordinator/ddl.hpp"

namespace tailrace::engine {

namespace {

bool is_reserved(std::string_view name) {
  return name.starts_with("mz_") || name.starts_with("pg_");
}

catalog::Schema new_schema(SessionState& session, catalog::DatabaseId database, std::string name) {
  catalog::Schema schema;
  schema.id = session.ddl().next_schema_id();
  schema.oid = session.ddl().next_oid();
  schema.name = std::move(name);
  schema.database = database;
  schema.owner = session.role().id;
  return schema;
}

std::string base64(const unsigned char* bytes, std::size_t size) {
  std::string text(4 * ((size + 2) / 3), '\0');
  EVP_EncodeBlock(reinterpret_cast<unsigned char*>(text.data()), bytes, static_cast<int>(size));
  return text;
}

// RFC 5803: SCRAM-SHA-256$<iterations>:<salt>$<StoredKey>:<ServerKey>.
std::string scram_verifier(std::string_view password) {
  constexpr int iterations = 4096;
  unsigned char salt[16];
  unsigned char salted[32];
  unsigned char client_key[32];
  unsigned char stored_key[32];
  unsigned char server_key[32];
  unsigned int size = 32;
  const bool done =
      RAND_bytes(salt, sizeof salt) == 1 &&
      PKCS5_PBKDF2_HMAC(password.data(), static_cast<int>(password.size()), salt, sizeof salt,
                        iterations, EVP_sha256(), sizeof salted, salted) == 1 &&
      HMAC(EVP_sha256(), salted, sizeof salted,
           reinterpret_cast<const unsigned char*>("Client Key"), 10, client_key,
           &size) != nullptr &&
      EVP_Digest(client_key, sizeof client_key, stored_key, &size, EVP_sha256(), nullptr) == 1 &&
      HMAC(EVP_sha256(), salted, sizeof salted,
           reinterpret_cast<const unsigned char*>("Server Key"), 10, server_key, &size) != nullptr;
  ensure(done, "SHA-256 must be there");
  return fmt::format("SCRAM-SHA-256${}:{}${}:{}", iterations, base64(salt, sizeof salt),
                     base64(stored_key, sizeof stored_key), base64(server_key, sizeof server_key));
}

void apply_attributes(SessionState& session, catalog::Role& role,
                      const std::vector<ast::RoleAttribute>& attributes) {
  using Kind = ast::RoleAttributeKind;
  for (const ast::RoleAttribute& attribute : attributes) {
    switch (attribute.kind) {
      case Kind::superuser:
      case Kind::no_superuser:
        if (!session.role().superuser) {
          throw SqlError(sqlstate::insufficient_privilege,
                         "permission denied to create superuser role")
              .detail("You must be a superuser")
              .position(attribute.position);
        }
        role.superuser = attribute.kind == Kind::superuser;
        break;
      case Kind::login:
        role.login = true;
        break;
      case Kind::no_login:
        role.login = false;
        break;
      case Kind::inherit:
        role.inherit = true;
        break;
      case Kind::no_inherit:
        throw unsupported("NOINHERIT");
      case Kind::password:
        // Whoever may make roles may not become another one by its password.
        if (role.id && role.id != session.role().id && !session.role().superuser) {
          throw SqlError(sqlstate::insufficient_privilege,
                         "permission denied to alter password of role")
              .detail("You must be a superuser, or the role itself")
              .position(attribute.position);
        }
        role.password_verifier = attribute.password ? scram_verifier(*attribute.password) : "";
        break;
      case Kind::create_db:
      case Kind::create_role:
      case Kind::create_cluster:
        throw SqlError(sqlstate::feature_not_supported,
                       "CREATEDB, CREATEROLE and CREATECLUSTER attributes are not supported")
            .hint("Use system privileges instead: GRANT CREATEDB ON SYSTEM TO ...")
            .position(attribute.position);
      case Kind::no_create_db:
      case Kind::no_create_role:
      case Kind::no_create_cluster:
        break;
    }
  }
}

void require_own_role(const catalog::Role& role) {
  if (role.id.is_user()) return;
  throw SqlError(sqlstate::reserved_name, fmt::format("role name \"{}\" is reserved", role.name));
}

}  // namespace

StatementResult create_database(SessionState& session, const ast::CreateDatabase& statement) {
  const std::string& name = statement.name.value;
  if (session.catalog().find_database(name) != nullptr) {
    if (!statement.if_not_exists) {
      throw SqlError(sqlstate::duplicate_database,
                     fmt::format("database '{}' already exists", name));
    }
    session.notice(fmt::format("database \"{}\" already exists, skipping", name),
                   sqlstate::duplicate_object);
    return ddl_result("CREATE DATABASE");
  }
  catalog::Database database;
  database.id = session.ddl().next_database_id();
  database.oid = session.ddl().next_oid();
  database.name = name;
  database.owner = session.role().id;
  const catalog::DatabaseId id = database.id;
  session.ddl().create(std::move(database));
  session.ddl().create(new_schema(session, id, "public"));
  return ddl_result("CREATE DATABASE");
}

StatementResult create_schema(SessionState& session, const ast::CreateSchema& statement) {
  const ast::ObjectName& name = statement.name;
  if (is_reserved(name.last())) {
    throw SqlError(sqlstate::reserved_name,
                   fmt::format("unacceptable schema name '{}'", name.last()))
        .detail("The prefixes \"mz_\" and \"pg_\" are reserved for system schemas.")
        .position(name.position);
  }
  const catalog::Database& database = session.catalog().resolve_database(
      name.parts.size() == 2 ? name.parts[0].value : session.variables().get("database"));
  if (session.catalog().find_schema(database.id, name.last()) != nullptr) {
    if (!statement.if_not_exists) {
      throw SqlError(sqlstate::duplicate_schema,
                     fmt::format("schema '{}' already exists", name.last()))
          .position(name.position);
    }
    session.notice(fmt::format("schema \"{}\" already exists, skipping", name.last()),
                   sqlstate::duplicate_object);
    return ddl_result("CREATE SCHEMA");
  }
  const catalog::DatabaseId id = database.id;
  session.ddl().create(new_schema(session, id, name.last()));
  return ddl_result("CREATE SCHEMA");
}

StatementResult create_role(SessionState& session, const ast::CreateRole& statement) {
  const std::string& name = statement.name.value;
  if (is_reserved(name) || name.starts_with("external_") || name == "public") {
    throw SqlError(sqlstate::reserved_name, fmt::format("role name \"{}\" is reserved", name))
        .position(statement.name.position);
  }
  catalog::Role role;
  role.name = name;
  // As PostgreSQL's CREATE ROLE: without LOGIN it is a group; a PASSWORD alone does not change that.
  role.login = false;
  apply_attributes(session, role, statement.attributes);
  role.id = session.ddl().next_role_id();
  role.oid = session.ddl().next_oid();
  session.ddl().create(std::move(role));
  return ddl_result("CREATE ROLE");
}

StatementResult alter_role(SessionState& session, const ast::AlterRoleAttributes& statement) {
  catalog::Role role = session.catalog().resolve_role(statement.name.value);
  require_own_role(role);
  apply_attributes(session, role, statement.attributes);
  session.ddl().replace(std::move(role));
  return ddl_result("ALTER ROLE");
}

StatementResult alter_role_variable(SessionState& session,
                                    const ast::AlterRoleVariable& statement) {
  catalog::Role role = session.catalog().resolve_role(statement.name.value);
  require_own_role(role);
  const Variable* variable = find_variable(statement.variable.value);
  if (variable == nullptr || variable->scope != VariableScope::session) {
    throw SqlError(
        sqlstate::undefined_object,
        fmt::format("unrecognized configuration parameter \"{}\"", statement.variable.value))
        .position(statement.variable.position);
  }
  const auto* values =
      statement.values ? std::get_if<std::vector<ast::VariableValue>>(&*statement.values) : nullptr;
  if (values != nullptr) {
    role.variables[std::string(variable->name)] = check_variable(*variable, *values);
  } else {
    role.variables.erase(std::string(variable->name));
  }
  session.ddl().replace(std::move(role));
  return ddl_result("ALTER ROLE");
}

}  // namespace tailrace::engine
