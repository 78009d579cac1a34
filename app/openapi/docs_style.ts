/** The style of `/docs`, which allows exactly this one by its hash. */
export const style = `
:root { color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif }
main { max-width: 60rem; margin: 2rem auto; padding: 0 1rem }
details { border: 1px solid #8886; border-radius: .5rem; padding: .5rem 1rem; margin: .5rem 0 }
summary { cursor: pointer }
table { border-collapse: collapse; width: 100%; margin: .25rem 0 }
td { border-top: 1px solid #8884; padding: .25rem .5rem .25rem 0; vertical-align: top }
code { font: .9em ui-monospace, monospace; overflow-wrap: anywhere }
small { opacity: .8 }
h4 { margin: 1rem 0 0 }
p { margin: .25rem 0 }
`
