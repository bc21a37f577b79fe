/** A schema with every kind of field that translation has to tell apart. */
export const SCHEMA = `
datasource client {
  provider = "postgresql"
  url      = env("DATABASE_URL")
}

model Team {
  id       String  @id
  metadata Json    @default("{}")
  tags     Json[]
  spend    Float   @default(0.0)
  limit    BigInt?
  keys     Key[] // a list relation
  budget   Budget? @relation(fields: [budget_id], references: [id])
  budget_id String?
}

model Key {
  token   String @id
  aliases Json?
  team    Team?  @relation(fields: [team_id], references: [id])
  team_id String?
}

model Budget {
  id    String @id
  rules Json?
  teams Team[]
}
`;
