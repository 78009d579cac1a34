import { oneOf, type Rule } from '#start/env_rules'

const disk = oneOf(['fs', 's3'])
const packages = ['@aws-sdk/client-s3', '@aws-sdk/s3-request-presigner']

/** The disk of result files. Throws one line that says what S3 lacks. */
export function driveDisk(): Rule<'fs' | 's3'> {
  return (key, value) => {
    if (disk(key, value) === 'fs') return 'fs'
    const missing = packages.filter((name) => !isInstalled(name))
    if (missing.length > 0) throw new Error(`${key}=s3 needs packages: npm i ${missing.join(' ')}`)
    if (!process.env.S3_BUCKET) throw new Error(`${key}=s3 needs S3_BUCKET`)
    return 's3'
  }
}

function isInstalled(name: string): boolean {
  try {
    import.meta.resolve(name)
    return true
  } catch {
    return false
  }
}
