# The Node host. Settings come from the environment; all that lasts lies in the volume /app/data.
FROM node:24-slim

# One heap for all threads of the C library: less memory that nobody uses.
ENV NODE_ENV=production HOST=0.0.0.0 PORT=8787 MALLOC_ARENA_MAX=1
WORKDIR /app

# Without the packages that only developers need; no package runs a script of its own.
COPY package.json package-lock.json ./
RUN npm ci --omit=dev --ignore-scripts --no-audit --no-fund && npm cache clean --force

COPY tsconfig.json ./
COPY src ./src

# docker compose exec bot anime-backup list     The messages of the program name this command.
RUN chmod 755 src/cli/main.ts && ln -s /app/src/cli/main.ts /usr/local/bin/anime-backup
ENV ANIME_BACKUP_COMMAND="docker compose exec bot anime-backup"

# Owned by the user that runs the bot, so that a new volume is, too.
RUN mkdir data && chown node:node data
USER node
VOLUME /app/data
EXPOSE 8787

# Young until the first backup is verified; unhealthy when the database or the backups are.
HEALTHCHECK --interval=60s --timeout=10s --start-period=120s --retries=3 \
  CMD ["node", "-e", "fetch('http://127.0.0.1:' + (process.env.PORT || 8787) + '/healthz').then(({ ok }) => process.exit(ok ? 0 : 1), () => process.exit(1))"]

# As `npm start` does, but without npm between the bot and the signal to stop.
CMD ["node", "-r", "./src/node-version.cjs", "--max-semi-space-size=8", "--heap-growing-percent=30", "src/node.ts"]
