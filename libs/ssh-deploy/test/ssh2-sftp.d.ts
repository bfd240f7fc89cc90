declare module 'ssh2/lib/protocol/SFTP.js' {
  export const SFTP: { prototype: object };
}
