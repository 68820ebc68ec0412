// Makes a user for every service, which can open its own database alone, and one for people who look: users.json
// says who. Passwords are in the files /run/secrets/mongo/<user>. Run again, it sets passwords and roles anew.
const fs = require("fs");

const users = JSON.parse(fs.readFileSync("/docker-entrypoint-initdb.d/users.json", "utf8"));
const admin = db.getSiblingDB("admin");
for (const [user, roles] of Object.entries(users)) {
  const pwd = fs.readFileSync(`/run/secrets/mongo/${user}`, "utf8").trimEnd();
  if (admin.getUser(user)) {
    admin.updateUser(user, {pwd, roles});
  } else {
    admin.createUser({user, pwd, roles});
  }
}
